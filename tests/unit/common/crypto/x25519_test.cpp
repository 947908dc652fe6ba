#include "common/crypto/x25519.hpp"

#include <doctest/doctest.h>

#include "tests/unit/common/crypto/hex.hpp"
#include "tests/unit/common/crypto/test_random.hpp"

using namespace culvert;
using test::hex;
using test::unhex_array;

namespace {

X25519KeyPair key_pair_of(Bytes private_key) {
    test::ScriptedRandom random{{private_key.begin(), private_key.end()}};
    return X25519KeyPair{random};
}

std::string shared(std::string_view private_key, std::string_view peer) {
    const auto secret = key_pair_of(test::unhex(private_key)).shared_secret(unhex_array<32>(peer));
    return secret ? hex(secret->reveal()) : "refused";
}

}  // namespace

TEST_CASE("X25519 (RFC 7748 5.2)") {
    CHECK(shared("a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4",
                 "e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c") ==
          "c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552");
    CHECK(shared("4b66e9d4d1b4673c5ad22691957d6af5c11b6421e0ea01d42ca4169e7918ba0d",
                 "e5210f12786811d3f4b7959d0538ae2c31dbe7106fc03c3efc4cd549c715a493") ==
          "95cbde9476e8907d7aade45cb4b873f88b595a68799fa152e6f8f7647aac7957");
}

TEST_CASE("X25519, a thousand times over (RFC 7748 5.2)") {
    auto k = unhex_array<32>("0900000000000000000000000000000000000000000000000000000000000000");
    X25519PublicKey u = k;
    for (int i = 0; i < 1000; ++i) {
        const auto result = key_pair_of(k).shared_secret(u);
        REQUIRE(result.has_value());
        u = k;
        std::ranges::copy(result->reveal(), k.begin());
    }
    CHECK(hex(k) == "684cf59ba83309552800ef566f2f4d3c1c3887c49360e3875f2eb94d99532c51");
}

TEST_CASE("X25519 key pairs agree (RFC 7748 6.1)") {
    const auto alice = key_pair_of(
        test::unhex("77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a"));
    const auto bob = key_pair_of(
        test::unhex("5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb"));
    CHECK(hex(alice.public_key()) ==
          "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a");
    CHECK(hex(bob.public_key()) ==
          "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f");

    const auto shared_secret = alice.shared_secret(bob.public_key());
    REQUIRE(shared_secret.has_value());
    CHECK(hex(shared_secret->reveal()) ==
          "4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742");
    CHECK(hex(bob.shared_secret(alice.public_key())->reveal()) == hex(shared_secret->reveal()));
}

TEST_CASE("a peer's point of small order is refused, for it makes the secret zeros (RFC 8731 3)") {
    for (const char* point : {
             "0000000000000000000000000000000000000000000000000000000000000000",
             "0100000000000000000000000000000000000000000000000000000000000000",
             "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
             "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
             "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
             "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
             "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
             "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
         }) {
        CAPTURE(point);
        CHECK(shared("a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4", point) ==
              "refused");
    }
}
