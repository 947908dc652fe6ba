#include "common/crypto/ed25519.hpp"

#include <doctest/doctest.h>

#include "tests/unit/common/crypto/hex.hpp"
#include "tests/unit/common/crypto/test_random.hpp"

using namespace culvert;
using test::hex;
using test::unhex;
using test::unhex_array;

namespace {

Ed25519PrivateKey key_of(std::string_view seed) {
    test::ScriptedRandom random{unhex(seed)};
    return Ed25519PrivateKey::generate(random);
}

constexpr const char* seed_1 = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60";

}  // namespace

TEST_CASE("Ed25519 (RFC 8032 7.1)") {
    struct Row {
        const char* name;
        const char* seed;
        const char* public_key;
        const char* message;
        const char* signature;
    };
    for (const Row& row : {
             Row{"TEST 1", seed_1,
                 "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
                 "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bac"
                 "c61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"},
             Row{"TEST 2", "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
                 "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
                 "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e"
                 "458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"},
             Row{"TEST 3", "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
                 "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
                 "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290"
                 "ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"},
         }) {
        CAPTURE(row.name);
        const Ed25519PrivateKey key = key_of(row.seed);
        CHECK(hex(key.public_key().bytes) == row.public_key);
        CHECK(hex(key.reveal()) == std::string{row.seed} + row.public_key);
        const Ed25519Signature signature = key.sign(unhex(row.message));
        CHECK(hex(signature) == row.signature);
        CHECK(verify(key.public_key(), unhex(row.message), signature));
    }
}

TEST_CASE("an Ed25519 signature holds for one key and one message") {
    const Ed25519PrivateKey key = key_of(seed_1);
    ByteVector message = unhex("000102030405060708090a0b0c0d0e0f");
    Ed25519Signature signature = key.sign(message);
    REQUIRE(verify(key.public_key(), message, signature));

    for (std::size_t bit = 0; bit < signature.size() * 8; ++bit) {
        CAPTURE(bit);
        const std::byte flip{static_cast<unsigned char>(1u << bit % 8)};
        signature[bit / 8] ^= flip;
        CHECK_FALSE(verify(key.public_key(), message, signature));
        signature[bit / 8] ^= flip;
    }
    message[3] ^= std::byte{1};
    CHECK_FALSE(verify(key.public_key(), message, signature));
    message[3] ^= std::byte{1};
    CHECK_FALSE(verify(Ed25519PublicKey{}, message, signature));
    CHECK(verify(key.public_key(), message, signature));
}

TEST_CASE("an Ed25519 signature with the group's order added to S is refused (RFC 8032 5.1.7)") {
    // 2^252 + 27742317777372353535851937790883648493, the lowest byte first.
    const auto order =
        unhex_array<32>("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010");
    const Ed25519PrivateKey key = key_of(seed_1);
    Ed25519Signature signature = key.sign({});
    unsigned carry = 0;
    for (std::size_t i = 0; i < order.size(); ++i) {
        const unsigned sum = std::to_integer<unsigned>(signature[32 + i]) +
                             std::to_integer<unsigned>(order[i]) + carry;
        signature[32 + i] = static_cast<std::byte>(sum & 0xff);
        carry = sum >> 8;
    }
    REQUIRE(carry == 0);
    CHECK_FALSE(verify(key.public_key(), {}, signature));
}

TEST_CASE("an Ed25519 public key of small order verifies nothing") {
    // The neutral element as key and R, S = 0: holds for any message by the bare equation.
    Ed25519PublicKey neutral;
    neutral.bytes[0] = std::byte{1};
    Ed25519Signature signature{};
    signature[0] = std::byte{1};
    CHECK_FALSE(verify(neutral, bytes_of("anything"), signature));
}
