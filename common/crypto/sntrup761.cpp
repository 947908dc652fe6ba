#include "common/crypto/sntrup761.hpp"

#include <sodium.h>

#include <algorithm>
#include <span>

#include "common/crypto/constant_time.hpp"
#include "common/crypto/sha2.hpp"
#include "common/crypto/sntrup761_encoding.hpp"
#include "common/crypto/sntrup761_fields.hpp"
#include "common/crypto/sntrup761_sampling.hpp"

namespace culvert {
namespace sntrup761 {
namespace {

using PublicKey = Sntrup761::PublicKey;
using PrivateKey = Sntrup761::PrivateKey;
using Ciphertext = Sntrup761::Ciphertext;

constexpr std::size_t hash_size = 32;
static_assert(std::tuple_size_v<PublicKey> == modulo_q_size);
static_assert(std::tuple_size_v<Ciphertext> == rounded_size + hash_size);

using Hash = Wiped<std::array<std::byte, hash_size>>;
/// The polynomial r that an encapsulation makes up, encoded.
using Input = Wiped<std::array<std::byte, small_size>>;

/// What a hash is for: the first byte of what is hashed.
constexpr std::byte of_rejection{0};
constexpr std::byte of_secret{1};
constexpr std::byte of_confirmation{2};
constexpr std::byte of_input{3};
constexpr std::byte of_public_key{4};

/// The parts of a private key, in their order.
template <class Byte>
struct PrivateKeyParts {
    explicit PrivateKeyParts(std::span<Byte, PrivateKey::size> key) noexcept
        : f{key.template first<small_size>()},
          g_inverse{key.template subspan<small_size, small_size>()},
          public_key{key.template subspan<2 * small_size, modulo_q_size>()},
          rejected_input{key.template subspan<2 * small_size + modulo_q_size, small_size>()},
          public_key_hash{key.template last<hash_size>()} {}

    std::span<Byte, small_size> f;
    std::span<Byte, small_size> g_inverse;
    std::span<Byte, modulo_q_size> public_key;
    std::span<Byte, small_size> rejected_input;  ///< in place of one that is invalid
    std::span<Byte, hash_size> public_key_hash;
};

std::byte select_byte(std::uint32_t mask, std::byte set, std::byte clear) noexcept {
    return clear ^ (static_cast<std::byte>(mask) & (set ^ clear));
}

/// The first half of SHA-512.
void hash(std::span<std::byte, hash_size> result, std::byte purpose, Bytes first,
          Bytes second = {}) noexcept {
    Sha512 sha512;
    Sha512Digest digest = sha512.update({&purpose, 1}).update(first).update(second).finish();
    std::copy_n(digest.begin(), hash_size, result.begin());
    sodium_memzero(digest.data(), digest.size());
}

/// The ciphertext that has r, and r's encoding.
void encrypt(Ciphertext& ciphertext, Input& input, const Polynomial& r,
             std::span<const std::byte, modulo_q_size> public_key,
             std::span<const std::byte, hash_size> public_key_hash) noexcept {
    encode_small(r, input);

    Polynomial h;
    Polynomial product;
    decode_modulo_q(h, public_key);
    multiply_modulo_q(product, h, r);
    const std::span bytes{ciphertext};
    encode_rounded(product, bytes.first<rounded_size>());

    Hash input_hash;
    hash(input_hash, of_input, input);
    hash(bytes.last<hash_size>(), of_confirmation, input_hash, public_key_hash);
}

/// r, or anything with as many coefficients that aren't 0 where the ciphertext is invalid.
void decrypt(Polynomial& r, const Ciphertext& ciphertext, std::span<const std::byte, small_size> f,
             std::span<const std::byte, small_size> g_inverse) noexcept {
    Polynomial rounded;
    Polynomial factor;
    Polynomial product;
    decode_rounded(rounded, std::span{ciphertext}.first<rounded_size>());
    decode_small(factor, f);
    multiply_modulo_q(product, rounded, factor);
    for (std::int16_t& x : product) x = F3::freeze(Fq::freeze(low_half(3 * x)));
    decode_small(factor, g_inverse);
    multiply_modulo_3(r, product, factor);

    std::int32_t found_weight = 0;
    for (const std::int16_t x : r) found_weight += x & 1;
    const std::uint32_t invalid = nonzero_mask(found_weight - static_cast<std::int32_t>(weight));
    for (std::size_t i = 0; i < p; ++i) r[i] = low_half(select(invalid, i < weight ? 1 : 0, r[i]));
}

/// The secret that follows from an input and a ciphertext.
KemSecret secret_of(std::byte purpose, const Input& input, const Ciphertext& ciphertext) noexcept {
    Hash input_hash;
    Hash secret;
    hash(input_hash, of_input, input);
    hash(secret, purpose, input_hash, ciphertext);
    return KemSecret{secret};
}

PrivateKey generate(PublicKey& public_key, Random& random) {
    Polynomial g;
    Polynomial g_inverse;
    do sample_small(g, random);
    while (!invert_modulo_3(g_inverse, g));

    Polynomial f;
    Polynomial f_inverse;
    Polynomial h;
    sample_short(f, random);
    invert_three_times(f_inverse, f);
    multiply_modulo_q(h, f_inverse, g);
    encode_modulo_q(h, public_key);

    Wiped<std::array<std::byte, PrivateKey::size>> bytes;
    const PrivateKeyParts<std::byte> key{bytes};
    encode_small(f, key.f);
    encode_small(g_inverse, key.g_inverse);
    std::ranges::copy(public_key, key.public_key.begin());
    random.fill(key.rejected_input);
    hash(key.public_key_hash, of_public_key, public_key);
    return PrivateKey{bytes};
}

Sntrup761::Encapsulation encapsulate(const PublicKey& key, Random& random) {
    Polynomial r;
    Hash key_hash;
    Ciphertext ciphertext;
    Input input;
    sample_short(r, random);
    hash(key_hash, of_public_key, key);
    encrypt(ciphertext, input, r, key, key_hash);
    return {ciphertext, secret_of(of_secret, input, ciphertext)};
}

KemSecret decapsulate(const PrivateKey& private_key, const Ciphertext& ciphertext) noexcept {
    const PrivateKeyParts<const std::byte> key{private_key.reveal()};
    Polynomial r;
    Input input;
    Wiped<Ciphertext> again;
    decrypt(r, ciphertext, key.f, key.g_inverse);
    encrypt(again, input, r, key.public_key, key.public_key_hash);

    const std::uint32_t invalid =
        nonzero_mask(sodium_memcmp(ciphertext.data(), again.data(), again.size()));
    for (std::size_t i = 0; i < input.size(); ++i) {
        input[i] = select_byte(invalid, key.rejected_input[i], input[i]);
    }
    return secret_of(select_byte(invalid, of_rejection, of_secret), input, ciphertext);
}

}  // namespace
}  // namespace sntrup761

Sntrup761::Sntrup761(Random& random) : private_key_{sntrup761::generate(public_key_, random)} {}

Sntrup761::Encapsulation Sntrup761::encapsulate(const PublicKey& key, Random& random) {
    return sntrup761::encapsulate(key, random);
}

KemSecret Sntrup761::decapsulate(const Ciphertext& ciphertext) const {
    return sntrup761::decapsulate(private_key_, ciphertext);
}

}  // namespace culvert
