#include "common/crypto/mlkem768.hpp"

#include <doctest/doctest.h>

#include <algorithm>

#include "tests/unit/common/crypto/hex.hpp"
#include "tests/unit/common/crypto/mlkem768_cases.hpp"
#include "tests/unit/common/crypto/test_random.hpp"

using namespace culvert;
using namespace culvert::test;

namespace {

MlKem768Keys keys_of(const MlKem768Backend& backend, std::uint32_t seed) {
    std::array<std::byte, 64> bytes;
    SeededRandom{seed}.fill(bytes);
    return generate(backend, bytes);
}

MlKem768Encapsulated encapsulated_for(const MlKem768Backend& backend,
                                      const MlKem768::PublicKey& key, std::uint32_t seed) {
    std::array<std::byte, 32> message;
    SeededRandom{seed}.fill(message);
    const auto made = encapsulate(backend, key, message);
    REQUIRE(made.has_value());
    return *made;
}

}  // namespace

TEST_CASE("both sides of ML-KEM-768 get the same secret, and another one each time") {
    SeededRandom random{1};
    std::vector<std::string> secrets;
    for (int i = 0; i < 100; ++i) {
        const MlKem768 ours{random};
        const auto theirs = MlKem768::encapsulate(ours.public_key(), random);
        REQUIRE(theirs.has_value());
        CHECK(hex(ours.decapsulate(theirs->ciphertext).reveal()) == hex(theirs->secret.reveal()));
        secrets.push_back(hex(theirs->secret.reveal()));
    }
    std::ranges::sort(secrets);
    CHECK(std::ranges::adjacent_find(secrets) == secrets.end());
}

TEST_CASE("the random bytes are d and z for a key pair, and the message for an encapsulation") {
    ByteVector script(96);
    SeededRandom{2}.fill(script);
    ScriptedRandom random{script};
    const MlKem768 ours{random};
    const auto theirs = MlKem768::encapsulate(ours.public_key(), random);
    REQUIRE(theirs.has_value());

    for (const MlKem768Backend& backend : available_mlkem768_backends()) {
        CAPTURE(backend.name);
        const auto keys = generate(backend, std::span{script}.first<64>());
        CHECK(hex(ours.public_key()) == hex(keys.public_key));
        const auto made = encapsulate(backend, keys.public_key, std::span{script}.last<32>());
        REQUIRE(made.has_value());
        CHECK(hex(theirs->ciphertext) == hex(made->ciphertext));
        CHECK(hex(theirs->secret.reveal()) == hex(made->secret));
        CHECK(hex(ours.decapsulate(theirs->ciphertext).reveal()) == hex(made->secret));
    }
}

TEST_CASE("a ciphertext with any byte changed gives another secret, always the same") {
    for (const MlKem768Backend& backend : available_mlkem768_backends()) {
        CAPTURE(backend.name);
        const auto keys = keys_of(backend, 3);
        const auto made = encapsulated_for(backend, keys.public_key, 4);
        for (std::size_t at = 0; at < made.ciphertext.size(); ++at) {
            auto changed = made.ciphertext;
            changed[at] ^= static_cast<std::byte>(1 << at % 8);
            const auto secret = decapsulate(backend, keys.private_key, changed);
            if (secret == made.secret) FAIL_CHECK("the same secret after a change at " << at);
            if (at % 100 == 0) {
                CHECK(decapsulate(backend, keys.private_key, changed) == secret);
                CHECK(decapsulate(own_mlkem768, keys.private_key, changed) == secret);
            }
        }
    }
}

TEST_CASE("the secret of a rejected ciphertext depends on z and on all of the ciphertext") {
    const auto keys = keys_of(own_mlkem768, 5);
    const auto made = encapsulated_for(own_mlkem768, keys.public_key, 6);
    auto changed = made.ciphertext;
    changed[500] ^= std::byte{1};
    const auto rejected = decapsulate(own_mlkem768, keys.private_key, changed);

    auto other_z = keys.private_key;
    other_z[2399] ^= std::byte{1};
    CHECK(decapsulate(own_mlkem768, other_z, changed) != rejected);
    CHECK(decapsulate(own_mlkem768, other_z, made.ciphertext) == made.secret);
    for (const std::size_t at : {0, 1087}) {
        auto changed_twice = changed;
        changed_twice[at] ^= std::byte{1};
        CHECK(decapsulate(own_mlkem768, keys.private_key, changed_twice) != rejected);
    }
}

TEST_CASE("a public key with a coefficient of 3328 is taken, with one of 3329 it is refused") {
    for (const MlKem768Backend& backend : available_mlkem768_backends()) {
        CAPTURE(backend.name);
        const auto keys = keys_of(backend, 7);
        const std::array<std::byte, 32> message{};
        for (std::size_t index = 0; index < 768; ++index) {
            CAPTURE(index);
            auto key = keys.public_key;
            set_coefficient(key, index, 3328);
            REQUIRE(coefficient(key, index) == 3328);
            // Whether a key is taken costs as much as an encapsulation.
            const bool is_edge = index % 128 < 2 || index % 128 > 125;
            if (is_edge) CHECK(encapsulate(backend, key, message));
            for (const unsigned too_large : {3329U, 4095U}) {
                set_coefficient(key, index, too_large);
                CHECK(!encapsulate(backend, key, message));
            }
        }
    }
}

TEST_CASE("a refused public key costs no error but an empty result") {
    SeededRandom random{8};
    auto key = MlKem768{random}.public_key();
    set_coefficient(key, 767, 3329);
    CHECK(!MlKem768::encapsulate(key, random).has_value());
}
