#include "common/keys/certificate.hpp"

#include <doctest/doctest.h>

#include "common/wire/writer.hpp"
#include "tests/unit/common/keys/key_vectors.hpp"

using namespace culvert;

namespace {

PublicKey key_of(std::string_view line) { return parse_public_key_line(line).key; }

}  // namespace

TEST_CASE("a certificate holds the key that it is about (PROTOCOL.certkeys)") {
    CHECK(certified_key(key_of(test::keygen_cert)) == key_of(test::keygen_pub));
    CHECK(certified_key(key_of(test::rsa_cert)) == key_of(test::rsa_pub));
    CHECK(certified_key(key_of(test::ecdsa_cert)) == key_of(test::ecdsa_pub));

    ByteVector plain;
    Writer{plain}.string(std::string_view{"sk-ssh-ed25519@openssh.com"});
    Writer{plain}.string(ByteVector(32, std::byte{1}));
    Writer{plain}.string(std::string_view{"ssh:"});
    ByteVector certificate;
    Writer{certificate}.string(std::string_view{"sk-ssh-ed25519-cert-v01@openssh.com"});
    Writer{certificate}.string(std::string_view{"nonce"});
    Writer{certificate}.string(ByteVector(32, std::byte{1}));
    Writer{certificate}.string(std::string_view{"ssh:"});
    Writer{certificate}.string(std::string_view{"and so on"});
    CHECK(certified_key(PublicKey::from_blob(certificate)) == PublicKey::from_blob(plain));
}

TEST_CASE("what is no certificate, or a cut one, holds no key") {
    CHECK_FALSE(certified_key(key_of(test::keygen_pub)));
    CHECK_FALSE(certified_key(key_of(test::rsa_pub)));
    const PublicKey whole = key_of(test::rsa_cert);
    const std::size_t end_of_key = 4 + whole.algorithm().size() + 4 + 32 + 4 + 3 + 4 + 385;
    for (std::size_t length = 4 + whole.algorithm().size(); length < end_of_key; ++length) {
        CAPTURE(length);
        CHECK_FALSE(certified_key(PublicKey::from_blob(whole.blob().first(length))));
    }
}
