#include "common/keys/public_key.hpp"

#include <doctest/doctest.h>

#include <string>

#include "common/base/error.hpp"
#include "common/wire/protocol_error.hpp"
#include "common/wire/writer.hpp"
#include "tests/unit/allocations.hpp"
#include "tests/unit/common/keys/key_vectors.hpp"
#include "tests/unit/common/keys/sshsig.hpp"

using namespace culvert;

namespace {

ByteVector blob_of(std::string_view algorithm, std::size_t key_size, std::size_t trailing = 0) {
    ByteVector blob;
    Writer out{blob};
    out.string(algorithm);
    out.string(ByteVector(key_size));
    blob.resize(blob.size() + trailing);
    return blob;
}

PublicKey keygen_key() { return parse_public_key_line(test::keygen_pub).key; }

}  // namespace

TEST_CASE("a public key of any type goes through a line and a blob unchanged") {
    struct Row {
        std::string_view line;
        const char* algorithm;
        const char* comment;
    };
    for (const Row& row : {
             Row{test::openssh_1_pub, "ssh-ed25519", "ED25519 test key #1"},
             Row{test::keygen_pub, "ssh-ed25519", "ed25519 vector"},
             Row{test::ecdsa_pub, "ecdsa-sha2-nistp256", "ecdsa vector"},
             Row{test::rsa_pub, "ssh-rsa", "rsa vector"},
         }) {
        CAPTURE(row.line);
        const auto [key, comment] = parse_public_key_line(row.line);
        CHECK(key.algorithm() == row.algorithm);
        CHECK(comment == row.comment);
        CHECK(format_public_key_line(key, comment) == row.line);
        CHECK(PublicKey::from_blob(key.blob()) == key);
        CHECK(PublicKey::from_blob(key.blob()).algorithm() == row.algorithm);
        CHECK(key.ed25519().has_value() == (key.algorithm() == "ssh-ed25519"));
    }
    CHECK(keygen_key() != parse_public_key_line(test::openssh_1_pub).key);
    CHECK(PublicKey::from_ed25519(keygen_key().ed25519().value()) == keygen_key());
}

TEST_CASE("blanks around the words of a public key's line don't count") {
    const std::string words = keygen_key().to_text();
    const std::size_t space = words.find(' ');
    const auto [key, comment] = parse_public_key_line(
        "\t " + words.substr(0, space) + "\t  " + words.substr(space + 1) + "  a  comment \r\n");
    CHECK(key == keygen_key());
    CHECK(comment == "a  comment");
    CHECK(parse_public_key_line(words).comment.empty());
    CHECK(format_public_key_line(key, "") == words);
}

TEST_CASE("a line that is no public key is refused") {
    const std::string base64{test::keygen_pub.substr(12, 68)};
    REQUIRE_NOTHROW(parse_public_key_line("ssh-ed25519 " + base64));
    for (const std::string& line : {
             std::string{},
             std::string{"   "},
             std::string{"ssh-ed25519"},
             "ssh-rsa " + base64,  // the blob says otherwise
             "SSH-ED25519 " + base64,
             base64,
             "ssh-ed25519 " + base64.substr(0, 67),
             "ssh-ed25519 " + base64.substr(0, 64),
             "ssh-ed25519 " + base64 + "AAAA",
             "ssh-ed25519 " + base64 + "=",
             "ssh-ed25519 !" + base64,
             std::string{"ssh-ed25519 AAAA"},
             std::string{"-----BEGIN OPENSSH PRIVATE KEY-----"},
         }) {
        CAPTURE(line);
        try {
            parse_public_key_line(line);
            FAIL_CHECK("accepted");
        } catch (const Error& error) {
            CHECK(error.kind() == ErrorKind::config);
        }
    }
}

TEST_CASE("a comment that could pass for another line is not written") {
    for (const std::string_view comment : {"a\nb", "a\rb", "\x1b[2J", "\x7f"}) {
        CAPTURE(comment);
        CHECK_THROWS_AS(format_public_key_line(keygen_key(), comment), Error);
    }
    CHECK(format_public_key_line(keygen_key(), "Zo\xc3\xab").ends_with(" Zo\xc3\xab"));
}

TEST_CASE("a blob that is no public key is refused (RFC 4253 6.6, RFC 8709 4)") {
    struct Row {
        const char* name;
        ByteVector blob;
    };
    for (const Row& row : {
             Row{"empty", {}},
             Row{"no name", blob_of("", 32)},
             Row{"a name of 65 bytes", blob_of(std::string(65, 'a'), 32)},
             Row{"a name with a space", blob_of("ssh rsa", 32)},
             Row{"a name with a comma", blob_of("ssh,rsa", 32)},
             Row{"a name with a control byte", blob_of("ssh-\nrsa", 32)},
             Row{"ed25519 of 31 bytes", blob_of("ssh-ed25519", 31)},
             Row{"ed25519 of 33 bytes", blob_of("ssh-ed25519", 33)},
             Row{"ed25519 and more", blob_of("ssh-ed25519", 32, 1)},
             Row{"too long", blob_of("ssh-rsa", PublicKey::max_blob_size)},
         }) {
        CAPTURE(row.name);
        CHECK_THROWS_AS(PublicKey::from_blob(row.blob), ProtocolError);
    }
    const ByteVector whole = blob_of("ssh-ed25519", 32);
    REQUIRE_NOTHROW(PublicKey::from_blob(whole));
    for (std::size_t size = 0; size < whole.size(); ++size) {
        CAPTURE(size);
        CHECK_THROWS_AS(PublicKey::from_blob(Bytes{whole}.first(size)), ProtocolError);
    }
}

TEST_CASE("a signature made by OpenSSH verifies, for its key and data only") {
    const PublicKey key = keygen_key();
    test::SshSig sig = test::keygen_sshsig();
    CHECK(verify(key, "ssh-ed25519", sig.signed_data, sig.signature_blob));
    CHECK_FALSE(verify(parse_public_key_line(test::openssh_1_pub).key, "ssh-ed25519",
                       sig.signed_data, sig.signature_blob));
    sig.signed_data.back() ^= std::byte{1};
    CHECK_FALSE(verify(key, "ssh-ed25519", sig.signed_data, sig.signature_blob));
}

TEST_CASE("a signature blob holds the algorithm's name and 64 bytes exactly (RFC 8709 6)") {
    const PublicKey key = keygen_key();
    const auto [data, blob] = test::keygen_sshsig();
    for (std::size_t bit = 0; bit < blob.size() * 8; ++bit) {
        CAPTURE(bit);
        ByteVector altered = blob;
        altered[bit / 8] ^= std::byte{static_cast<unsigned char>(1u << bit % 8)};
        CHECK_FALSE(verify(key, "ssh-ed25519", data, altered));
    }
    for (std::size_t size = 0; size < blob.size(); ++size) {
        CAPTURE(size);
        CHECK_FALSE(verify(key, "ssh-ed25519", data, Bytes{blob}.first(size)));
    }
    ByteVector longer = blob;
    longer.push_back(std::byte{0});
    CHECK_FALSE(verify(key, "ssh-ed25519", data, longer));
}

TEST_CASE("verifying allocates nothing, so that it cannot fail for want of memory") {
    const PublicKey key = keygen_key();
    const auto [data, blob] = test::keygen_sshsig();
    const std::size_t before = test::allocations();
    const bool verified = verify(key, "ssh-ed25519", data, blob);
    CHECK(test::allocations() == before);
    CHECK(verified);
}

TEST_CASE("key and declared algorithm must both be ssh-ed25519") {
    const auto [data, blob] = test::keygen_sshsig();
    CHECK_FALSE(verify(keygen_key(), "ssh-rsa", data, blob));
    CHECK_FALSE(verify(keygen_key(), "", data, blob));
    const PublicKey rsa = parse_public_key_line(test::rsa_pub).key;
    CHECK_FALSE(verify(rsa, "ssh-rsa", data, blob));
    CHECK_FALSE(verify(rsa, "rsa-sha2-256", data, blob));
    CHECK_FALSE(verify(rsa, "ssh-ed25519", data, blob));
}
