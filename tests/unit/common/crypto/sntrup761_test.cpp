#include "common/crypto/sntrup761.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cctype>
#include <string>
#include <vector>

#include "common/crypto/sha2.hpp"
#include "common/crypto/sntrup761_encoding.hpp"
#include "common/crypto/sntrup761_sampling.hpp"
#include "tests/unit/common/crypto/hex.hpp"
#include "tests/unit/common/crypto/nist_drbg.hpp"
#include "tests/unit/common/crypto/sntrup761_cases.hpp"

using namespace culvert;
using test::hex;

namespace {

void add_line(std::string& text, std::string_view name, Bytes bytes) {
    text.append(name).append(" = ");
    for (const char digit : hex(bytes)) text += static_cast<char>(std::toupper(digit));
    text += '\n';
}

/// One record of a NIST response file: what comes from its seed.
std::string record_of(int count, const test::NistDrbg::Seed& seed) {
    test::NistDrbg random{seed};
    const Sntrup761 ours{random};
    const auto theirs = Sntrup761::encapsulate(ours.public_key(), random);
    CHECK(hex(ours.decapsulate(theirs.ciphertext).reveal()) == hex(theirs.secret.reveal()));
    std::string text = "count = " + std::to_string(count) + "\n";
    add_line(text, "seed", seed);
    add_line(text, "pk", ours.public_key());
    add_line(text, "sk", ours.private_key().reveal());
    add_line(text, "ct", theirs.ciphertext);
    add_line(text, "ss", theirs.secret.reveal());
    return text;
}

test::NistDrbg::Seed first_seed() {
    test::NistDrbg::Seed seed;
    for (std::size_t i = 0; i < seed.size(); ++i) seed[i] = static_cast<std::byte>(i);
    return seed;
}

/// The first half of SHA-512, with a byte before what is hashed.
ByteVector prefixed_hash(int prefix, Bytes first, Bytes second) {
    const auto byte = static_cast<std::byte>(prefix);
    const Sha512Digest digest = Sha512{}.update({&byte, 1}).update(first).update(second).finish();
    return {digest.begin(), digest.begin() + 32};
}

struct Made {
    Sntrup761::Ciphertext ciphertext;
    ByteVector secret;
};

/// As an encapsulation, of any small polynomial.
Made made_from(const sntrup761::Polynomial& r, const Sntrup761::PublicKey& key) {
    sntrup761::Polynomial h;
    sntrup761::Polynomial product;
    sntrup761::decode_modulo_q(h, key);
    sntrup761::multiply_modulo_q(product, h, r);
    Made made;
    sntrup761::encode_rounded(product, std::span{made.ciphertext}.first<1007>());

    std::array<std::byte, sntrup761::small_size> input;
    sntrup761::encode_small(r, input);
    const ByteVector input_hash = prefixed_hash(3, input, {});
    const ByteVector confirmation = prefixed_hash(2, input_hash, prefixed_hash(4, key, {}));
    std::ranges::copy(confirmation, made.ciphertext.begin() + 1007);
    made.secret = prefixed_hash(1, input_hash, made.ciphertext);
    return made;
}

std::string sha256_of(std::string_view text) { return hex(sha256(bytes_of(text))); }

}  // namespace

/// Of round 3, which have all values in hexadecimal: liboqs knows the SHA-256 of the file's first
/// record and that of all (tests/KATs/kem/kats.json), PQClean that of the first
/// (crypto_kem/sntrup761/META.yml).
TEST_CASE("the known answers of NIST's process") {
    test::NistDrbg seeds{first_seed()};
    std::string all;
    for (int count = 0; count < 100; ++count) {
        test::NistDrbg::Seed seed;
        seeds.fill(seed);
        if (count > 0) all += '\n';
        all += record_of(count, seed);
        if (count == 0) {
            CHECK(sha256_of(all) ==
                  "afc42c3a5b10f4ef69654250097ebda9b9564570f4086744b24a6daf2bd1f89a");
        }
    }
    CHECK(sha256_of(all) == "36e1e53d4e6e295e8fb804449958ad9a3719aa350e91933c65791b9117382d57");
}

/// The digest is that of what OpenSSH 10.5's sntrup761.c computes from the same random bytes.
TEST_CASE("spoilt keys and ciphertexts give what they give with OpenSSH") {
    test::NistDrbg random{first_seed()};
    const Sntrup761 ours{random};
    Sha256 results;
    const auto encapsulate = [&](const Sntrup761::PublicKey& key) {
        const auto made = Sntrup761::encapsulate(key, random);
        results.update(made.ciphertext).update(made.secret.reveal());
        return made.ciphertext;
    };
    for (std::size_t i = 0; i < 50; ++i) {
        Sntrup761::PublicKey key = ours.public_key();
        Sntrup761::Ciphertext ciphertext = encapsulate(key);
        key[23 * i] ^= std::byte{0x80};
        encapsulate(key);
        ciphertext[21 * i] ^= std::byte{0x01};  // the last two times in the confirmation
        results.update(ours.decapsulate(ciphertext).reveal());
        random.fill(key);
        encapsulate(key);
        random.fill(ciphertext);
        results.update(ours.decapsulate(ciphertext).reveal());
    }
    Sntrup761::PublicKey key;
    key.fill(std::byte{0xff});  // all numbers are out of range
    encapsulate(key);
    Sntrup761::Ciphertext ciphertext;
    ciphertext.fill(std::byte{0xff});
    results.update(ours.decapsulate(ciphertext).reveal());
    CHECK(hex(results.finish()) ==
          "21f3e96307949428288f23a593b3795634ad68b64457a9c516b61e560a5c5a18");
}

TEST_CASE("both sides get the same secret, and another one each time") {
    test::SeededRandom random{1};
    std::vector<std::string> secrets;
    for (int i = 0; i < 100; ++i) {
        const Sntrup761 ours{random};
        for (int j = 0; j < 2; ++j) {
            const auto theirs = Sntrup761::encapsulate(ours.public_key(), random);
            CHECK(hex(ours.decapsulate(theirs.ciphertext).reveal()) == hex(theirs.secret.reveal()));
            secrets.push_back(hex(theirs.secret.reveal()));
        }
    }
    std::ranges::sort(secrets);
    CHECK(std::ranges::adjacent_find(secrets) == secrets.end());
}

TEST_CASE("each byte of a ciphertext counts: a changed one gives a secret of its own") {
    test::SeededRandom random{2};
    const Sntrup761 ours{random};
    const auto theirs = Sntrup761::encapsulate(ours.public_key(), random);
    std::vector<std::string> secrets{hex(theirs.secret.reveal())};
    for (std::size_t i = 0; i < theirs.ciphertext.size(); ++i) {
        Sntrup761::Ciphertext changed = theirs.ciphertext;
        changed[i] ^= static_cast<std::byte>(1 << i % 8);
        secrets.push_back(hex(ours.decapsulate(changed).reveal()));
    }
    std::ranges::sort(secrets);
    CHECK(std::ranges::adjacent_find(secrets) == secrets.end());
}

TEST_CASE("a polynomial of another weight is rejected, even where all else is right") {
    test::SeededRandom random{7};
    const Sntrup761 ours{random};
    sntrup761::Polynomial r;
    sntrup761::sample_short(r, random);
    const Made right = made_from(r, ours.public_key());
    CHECK(hex(ours.decapsulate(right.ciphertext).reveal()) == hex(right.secret));

    *std::ranges::find(r, 1) = 0;
    const Made lighter = made_from(r, ours.public_key());
    CHECK(hex(ours.decapsulate(lighter.ciphertext).reveal()) != hex(lighter.secret));
    *std::ranges::find(r, 0) = 1;
    *std::ranges::find(r, 0) = 1;
    const Made heavier = made_from(r, ours.public_key());
    CHECK(hex(ours.decapsulate(heavier.ciphertext).reveal()) != hex(heavier.secret));
}

TEST_CASE("what a rejected ciphertext gives depends on it and on the private key alone") {
    test::SeededRandom random{3};
    const Sntrup761 ours{random};
    const Sntrup761 other{random};
    Sntrup761::Ciphertext ciphertext;
    random.fill(ciphertext);
    const std::string secret = hex(ours.decapsulate(ciphertext).reveal());
    CHECK(hex(ours.decapsulate(ciphertext).reveal()) == secret);
    CHECK(hex(other.decapsulate(ciphertext).reveal()) != secret);
}

TEST_CASE("another key pair's ciphertext gives another secret") {
    test::SeededRandom random{4};
    const Sntrup761 ours{random};
    const Sntrup761 other{random};
    const auto theirs = Sntrup761::encapsulate(other.public_key(), random);
    CHECK(hex(ours.decapsulate(theirs.ciphertext).reveal()) != hex(theirs.secret.reveal()));
}

TEST_CASE("each byte of a public key counts") {
    test::SeededRandom random{5};
    const Sntrup761 ours{random};
    int agreed = 0;
    for (std::size_t i = 0; i < ours.public_key().size(); ++i) {
        Sntrup761::PublicKey changed = ours.public_key();
        changed[i] ^= static_cast<std::byte>(1 << i % 8);
        const auto theirs = Sntrup761::encapsulate(changed, random);
        agreed +=
            std::ranges::equal(ours.decapsulate(theirs.ciphertext).reveal(), theirs.secret.reveal())
                ? 1
                : 0;
    }
    CHECK(agreed == 0);
}

TEST_CASE("a key pair is made anew from the next random bytes where g has no reciprocal") {
    // g, f, and what a rejected ciphertext's secret is made from.
    test::PrefixedRandom invertible{{}, 6};
    const Sntrup761 key{invertible};
    CHECK(invertible.calls == 3);
    test::PrefixedRandom not_invertible{test::bytes_of_small(test::factor_modulo_3), 6};
    const Sntrup761 same{not_invertible};
    CHECK(not_invertible.calls == 4);
    CHECK(hex(same.public_key()) == hex(key.public_key()));
}
