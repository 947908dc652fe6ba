// What a peer sends in a key exchange with sntrup761, anything at all: a public key, and a
// ciphertext for one of our key pairs.
#include <algorithm>
#include <array>
#include <memory>

#include "common/crypto/sntrup761.hpp"
#include "tests/fuzz/fuzz_input.hpp"
#include "tests/unit/common/crypto/test_random.hpp"

using namespace culvert;
using namespace culvert::fuzz;

namespace {

bool same(const KemSecret& one, const KemSecret& other) {
    return std::ranges::equal(one.reveal(), other.reveal());
}

/// A key pair takes longer than all that is done with it.
const Sntrup761& key_pair(unsigned number) {
    constexpr unsigned count = 8;
    static std::array<std::unique_ptr<Sntrup761>, count> keys;
    std::unique_ptr<Sntrup761>& key = keys[number % count];
    if (!key) {
        test::SeededRandom random{number % count};
        key = std::make_unique<Sntrup761>(random);
    }
    return *key;
}

Sntrup761::Encapsulation encapsulate(const Sntrup761::PublicKey& key, std::uint32_t seed) {
    test::SeededRandom random{seed};
    return Sntrup761::encapsulate(key, random);
}

/// The input is the difference to a right key: zeros change nothing.
void try_public_key(FuzzInput& input) {
    const Sntrup761& ours = key_pair(input.byte());
    const std::uint32_t seed = input.byte();
    Sntrup761::PublicKey key = ours.public_key();
    for (std::byte& byte : key) byte ^= static_cast<std::byte>(input.byte());

    const auto theirs = encapsulate(key, seed);
    const auto again = encapsulate(key, seed);
    require(theirs.ciphertext == again.ciphertext && same(theirs.secret, again.secret),
            "the same random bytes make the same");
    require(same(ours.decapsulate(theirs.ciphertext), theirs.secret) == (key == ours.public_key()),
            "both sides have the same secret where they have the same key");
}

/// As above, with a ciphertext.
void try_ciphertext(FuzzInput& input) {
    const Sntrup761& ours = key_pair(input.byte());
    const auto theirs = encapsulate(ours.public_key(), input.byte());
    Sntrup761::Ciphertext ciphertext = theirs.ciphertext;
    for (std::byte& byte : ciphertext) byte ^= static_cast<std::byte>(input.byte());

    const KemSecret secret = ours.decapsulate(ciphertext);
    require(same(secret, ours.decapsulate(ciphertext)), "the same ciphertext gives the same");
    require(same(secret, theirs.secret) == (ciphertext == theirs.ciphertext),
            "the secret is the same where the ciphertext is");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    FuzzInput input{data, size};
    if (input.byte() % 2 == 0) {
        try_public_key(input);
    } else {
        try_ciphertext(input);
    }
    return 0;
}
