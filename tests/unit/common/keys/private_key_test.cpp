#include "common/keys/private_key.hpp"

#include <doctest/doctest.h>

#include <string>

#include <fmt/format.h>

#include "common/base/error.hpp"
#include "common/crypto/base64.hpp"
#include "common/keys/fingerprint.hpp"
#include "common/wire/writer.hpp"
#include "tests/unit/common/crypto/test_random.hpp"
#include "tests/unit/common/keys/key_vectors.hpp"
#include "tests/unit/common/keys/sshsig.hpp"

using namespace culvert;

namespace {

PrivateKey parse(std::string_view text) { return parse_private_key(bytes_of(text), "id"); }

/// What parsing says, or "" if it does not mind; behind " | " what it advises.
std::string complaint(std::string_view text, const std::string& file = "id",
                      KeyOwner owner = KeyOwner::user) {
    try {
        parse_private_key(bytes_of(text), file, owner);
        return "";
    } catch (const Error& error) {
        CHECK(error.kind() == ErrorKind::config);
        return fmt::format("{} | {}", error.what(), error.hint());
    }
}

bool mentions(std::string_view text, std::string_view part) {
    return text.find(part) != std::string_view::npos;
}

std::string armoured(Bytes decoded) {
    return "-----BEGIN OPENSSH PRIVATE KEY-----\n" + base64_encode(decoded) +
           "\n-----END OPENSSH PRIVATE KEY-----\n";
}

ByteVector decoded(std::string_view text) {
    const std::size_t first = text.find('\n');
    std::string base64{text.substr(first, text.rfind("\n-----END") - first)};
    std::erase(base64, '\n');
    return base64_decode(base64).value();
}

ByteVector blob_of(const PublicKey& key) { return {key.blob().begin(), key.blob().end()}; }

/// openssh-key-v1 from its fields, each of which a test may bend.
struct Fields {
    std::string magic{"openssh-key-v1\0", 15};
    std::string_view cipher = "none";
    std::string_view key_derivation = "none";
    std::string_view options;
    std::uint32_t keys = 1;
    ByteVector public_key = blob_of(parse(test::keygen).public_key());
    std::uint32_t check_1 = 7;
    std::uint32_t check_2 = 7;
    std::string_view type = "ssh-ed25519";
    ByteVector public_half = half(32);
    ByteVector secret = half(0);
    std::string comment = "c";
    std::string padding{"\1\2\3\4", 4};
    std::string_view trailing;

    static ByteVector half(std::size_t from) {
        const PrivateKey key = parse(test::keygen);
        const Bytes bytes = key.ed25519().reveal();
        return {bytes.begin() + static_cast<std::ptrdiff_t>(from), bytes.end()};
    }

    std::string text() const {
        ByteVector section;
        Writer in{section};
        in.uint32(check_1);
        in.uint32(check_2);
        in.string(type);
        in.string(public_half);
        in.string(secret);
        in.string(comment);
        in.raw(bytes_of(padding));
        ByteVector all;
        Writer out{all};
        out.raw(bytes_of(magic));
        out.string(cipher);
        out.string(key_derivation);
        out.string(options);
        out.uint32(keys);
        out.string(public_key);
        out.string(section);
        out.raw(bytes_of(trailing));
        return armoured(all);
    }
};

}  // namespace

TEST_CASE("private key files of OpenSSH are read") {
    struct Row {
        std::string_view text;
        std::string_view fingerprint;
        const char* comment;
    };
    for (const Row& row : {
             Row{test::openssh_1, test::openssh_1_fingerprint, "ED25519 test key #1"},
             Row{test::openssh_2, test::openssh_2_fingerprint, "ED25519 test key #1"},
             Row{test::keygen, test::keygen_fingerprint, "ed25519 vector"},
             Row{test::keygen_without_comment, test::keygen_without_comment_fingerprint, ""},
         }) {
        CAPTURE(row.fingerprint);
        const PrivateKey key = parse(row.text);
        CHECK(fingerprint(key.public_key()) == row.fingerprint);
        CHECK(key.comment() == row.comment);
    }
}

TEST_CASE("white space in the key, and text behind it, don't matter (as ssh-keygen reads it)") {
    const auto reads = [](const std::string& text) {
        return complaint(text).empty() &&
               fingerprint(parse(text).public_key()) == test::keygen_fingerprint &&
               parse_public_half(bytes_of(text)) == parse(test::keygen).public_key();
    };
    const std::string whole{test::keygen};
    const auto each_line = [&whole](std::string_view before, std::string_view end) {
        std::string text;
        for (std::size_t at = 0; at < whole.size();) {
            const std::size_t next = whole.find('\n', at);
            text += before;
            text += whole.substr(at, next - at);
            text += end;
            at = next + 1;
        }
        return text;
    };
    for (const std::string& text : {
             each_line("", "  \n"),
             each_line("", "\t\r\n"),
             each_line("    ", "\n"),
             each_line("\t", "\n"),
             each_line("", "\n\n"),
             each_line("", "\f\v\n"),
             whole + "alice@laptop, made in 2024\n",
             whole + whole,
             whole.substr(0, whole.size() - 1) + " # the end",
             whole + std::string{test::keygen_pub} + "\n",
         }) {
        CAPTURE(text);
        CHECK(reads(text));
    }
    for (std::size_t at = 40; at < whole.size() - 40; at += 7) {
        CAPTURE(at);
        CHECK(reads(whole.substr(0, at) + ' ' + whole.substr(at)));
    }
}

TEST_CASE("line ends of any kind, and blanks around the key, don't matter") {
    std::string windows{"\r\n"};
    for (const char c : test::keygen) windows += c == '\n' ? "\r\n" : std::string(1, c);
    CHECK(fingerprint(parse(windows).public_key()) == test::keygen_fingerprint);
    CHECK(fingerprint(parse(test::keygen.substr(0, test::keygen.size() - 1)).public_key()) ==
          test::keygen_fingerprint);
}

TEST_CASE("a key signs as OpenSSH does with it") {
    // Ed25519 has one signature for each message, and this is the one that ssh-keygen made.
    const PrivateKey key = parse(test::keygen);
    const auto [data, blob] = test::keygen_sshsig();
    CHECK(key.sign(data) == blob);
}

TEST_CASE("a key is written as ssh-keygen writes it") {
    for (const std::string_view text :
         {test::openssh_1, test::keygen, test::keygen_without_comment}) {
        const PrivateKey key = parse(text);
        const ByteVector file = decoded(text);
        // The check numbers are random: those of the file, so that all of it can be compared.
        const std::size_t check_at = 15 + 8 + 8 + 4 + 4 + 4 + 51 + 4;
        test::ScriptedRandom random{{file.begin() + check_at, file.begin() + check_at + 4}};
        CHECK(text_of(format_private_key(key, random).reveal()) == text);
    }
}

TEST_CASE("a generated key survives being written and read, whatever its comment's length") {
    test::SeededRandom random{3};
    for (std::size_t length = 0; length < 40; ++length) {
        CAPTURE(length);
        const PrivateKey key = PrivateKey::generate(random, std::string(length, 'x'));
        const PrivateKey read = parse(text_of(format_private_key(key, random).reveal()));
        CHECK(read.public_key() == key.public_key());
        CHECK(read.comment() == key.comment());
        CHECK(verify(key.public_key(), ssh_ed25519, bytes_of("data"), read.sign(bytes_of("data"))));
    }
}

TEST_CASE("what is no key for us is named, with what to do") {
    struct Row {
        const char* name;
        std::string text;
        const char* file;
        const char* said;
    };
    for (const Row& row : {
             Row{"encrypted", std::string{test::openssh_encrypted}, "id",
                 "id is encrypted, and culvert asks for no passphrase | ssh-add id"},
             Row{"encrypted with an AEAD", std::string{test::encrypted_with_an_aead}, "id",
                 "id is encrypted"},
             Row{"encrypted PEM",
                 "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: x\n", "id",
                 "id is encrypted"},
             Row{"encrypted PKCS#8", "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMIHs\n", "id",
                 "id is encrypted"},
             Row{"another type", std::string{test::openssh_ecdsa}, "id",
                 "id is of type ecdsa-sha2-nistp256; culvert reads only ssh-ed25519 keys in "
                 "OpenSSH's format | ssh-add id"},
             Row{"RSA in PEM", "-----BEGIN RSA PRIVATE KEY-----\nMIIEogIBAAKCAQEA\n", "id",
                 "id is an RSA key in PEM"},
             Row{"EC in PEM", "-----BEGIN EC PRIVATE KEY-----\nMHcC\n", "id",
                 "id is an ECDSA key in PEM"},
             Row{"PKCS#8", "-----BEGIN PRIVATE KEY-----\nMIGHAgEAMBMG\n", "id",
                 "id is a key in PKCS#8"},
             Row{"PuTTY", "PuTTY-User-Key-File-3: ssh-ed25519\n", "id.ppk",
                 "id.ppk is a PuTTY key | puttygen id.ppk -O private-openssh-new -o NEW_FILE"},
             Row{"a blank in the name", "PuTTY-User-Key-File-2: ssh-rsa\n", "my id.ppk",
                 "| puttygen 'my id.ppk' "},
             Row{"encrypted, a blank in the name", std::string{test::openssh_encrypted}, "my id",
                 "| ssh-add 'my id'"},
             Row{"public", std::string{test::keygen_pub} + "\n", "a/id.pub",
                 "a/id.pub is a public key | name the file of the private key that belongs to it"},
             Row{"public with another name", std::string{test::rsa_pub}, "key",
                 "key is a public key | name the file of the private key that belongs to it"},
             Row{"a certificate", std::string{test::keygen_cert} + "\n", "id-cert.pub",
                 "id-cert.pub is a certificate | name the file of the private key that belongs "},
             Row{"a certificate of an RSA key", std::string{test::rsa_cert}, "c",
                 "c is a certificate | "},
             Row{"public in RFC 4716", "---- BEGIN SSH2 PUBLIC KEY ----\nComment: x\n", "id",
                 "id is a public key"},
             Row{"empty", "", "id", "id is not a private key"},
             Row{"blank", " \n\n", "id", "id is not a private key"},
             Row{"a text", "listen: 2222\n", "id", "id is not a private key"},
         }) {
        CAPTURE(row.name);
        const std::string said = complaint(row.text, row.file);
        CAPTURE(said);
        CHECK(mentions(said, row.said));
    }
    // No agent signs for a host.
    CHECK(mentions(complaint(test::openssh_encrypted, "my id", KeyOwner::host),
                   "| ssh-keygen -p -f 'my id'"));
    CHECK(mentions(complaint(test::openssh_ecdsa, "id", KeyOwner::host),
                   "| make a key with culvert keygen"));
}

TEST_CASE("each field of a private key is checked (PROTOCOL.key)") {
    CHECK(complaint(Fields{}.text()).empty());
    struct Row {
        const char* said;
        void (*bend)(Fields&);
    };
    const auto ecdsa_blob = [](Fields& f) {
        f.public_key = blob_of(parse_public_key_line(test::ecdsa_pub).key);
    };
    for (const Row& row : {
             Row{"not in the format openssh-key-v1", [](Fields& f) { f.magic[13] = '2'; }},
             Row{"is encrypted", [](Fields& f) { f.cipher = "aes256-ctr"; }},
             Row{"key derivation but no cipher", [](Fields& f) { f.key_derivation = "bcrypt"; }},
             Row{"key derivation but no cipher", [](Fields& f) { f.options = "x"; }},
             Row{"does not hold one key", [](Fields& f) { f.keys = 0; }},
             Row{"does not hold one key", [](Fields& f) { f.keys = 2; }},
             Row{"a public key of a type", [](Fields& f) { f.public_key[3] = std::byte{0}; }},
             Row{"is of type ecdsa", ecdsa_blob},
             Row{"check numbers differ", [](Fields& f) { f.check_2 = 8; }},
             Row{"of different types", [](Fields& f) { f.type = "ssh-ed25518"; }},
             Row{"halves don't match", [](Fields& f) { f.public_key.back() ^= std::byte{1}; }},
             Row{"halves don't match", [](Fields& f) { f.public_half.back() ^= std::byte{1}; }},
             Row{"halves don't match", [](Fields& f) { f.secret.front() ^= std::byte{1}; }},
             Row{"halves don't match", [](Fields& f) { f.secret.back() ^= std::byte{1}; }},
             Row{"wrong length", [](Fields& f) { f.secret.resize(56); }},
             Row{"wrong length", [](Fields& f) { f.secret.resize(72); }},
             Row{"its length is wrong", [](Fields& f) { f.padding.pop_back(); }},
             Row{"its length is wrong", [](Fields& f) { f.comment += 'c'; }},
             Row{"padding is wrong", [](Fields& f) { f.padding[3] = 5; }},
             Row{"padding is wrong", [](Fields& f) { f.padding[0] = 0; }},
             Row{"1 bytes after the end", [](Fields& f) { f.trailing = "x"; }},
         }) {
        Fields fields;
        row.bend(fields);
        const std::string said = complaint(fields.text());
        CAPTURE(row.said);
        CAPTURE(said);
        CHECK(mentions(said, row.said));
        CHECK(said.starts_with("id is "));
    }
}

TEST_CASE("every truncation and every flipped bit of a private key is noticed") {
    const ByteVector file = decoded(test::keygen);
    const std::string comment = parse(test::keygen).comment();
    for (std::size_t size = 0; size < file.size(); ++size) {
        CAPTURE(size);
        CHECK_FALSE(complaint(armoured(Bytes{file}.first(size))).empty());
    }
    for (std::size_t bit = 0; bit < file.size() * 8; ++bit) {
        CAPTURE(bit);
        ByteVector altered = file;
        altered[bit / 8] ^= std::byte{static_cast<unsigned char>(1u << bit % 8)};
        const std::string text = armoured(altered);
        // Nothing vouches for the comment; it may read differently.
        if (complaint(text).empty()) CHECK(parse(text).comment() != comment);
    }
}

TEST_CASE("a private key's text that is cut or altered is said to be garbled") {
    const std::string whole{test::keygen};
    for (std::size_t size = 35; size + 33 < whole.size(); ++size) {
        CAPTURE(size);
        CHECK(
            mentions(complaint(whole.substr(0, size)), "id is garbled: its last line is missing"));
    }
    const auto altered = [&whole](std::size_t at, char c) {
        std::string text = whole;
        text[at] = c;
        return text;
    };
    for (const std::string& text : {
             altered(60, '!'),
             altered(60, '='),
             altered(60, '\0'),
             altered(35, '-'),
         }) {
        CAPTURE(text);
        CHECK(mentions(complaint(text), "id is garbled: "));
        CHECK(mentions(complaint(text), "culvert keygen"));
    }
}
