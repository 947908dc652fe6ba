#include <algorithm>

#include "common/crypto/constant_time.hpp"
#include "common/crypto/keccak.hpp"
#include "common/crypto/mlkem768_backends.hpp"
#include "common/crypto/mlkem768_encoding.hpp"
#include "common/crypto/mlkem768_sampling.hpp"
#include "common/crypto/wiped.hpp"

namespace culvert {
namespace mlkem768 {
namespace {

using Backend = MlKem768Backend;
using PublicKey = std::span<const std::byte, 1184>;  ///< of K-PKE, and the encapsulation key
using Ciphertext = MlKem768::Ciphertext;
using Digest = Wiped<std::array<std::byte, 32>>;
using TwoDigests = Wiped<std::array<std::byte, 64>>;

constexpr std::size_t polynomial_size = 384;
constexpr unsigned u_width = 10;
constexpr unsigned v_width = 4;
constexpr std::size_t u_size = 32 * u_width;

/// The parts of an expanded private key.
struct PrivateKeyParts {
    explicit PrivateKeyParts(Backend::PrivateKey key) noexcept
        : decryption{key.first<1152>()},
          encryption{key.subspan<1152, 1184>()},
          hash{key.subspan<2336, 32>()},
          z{key.last<32>()} {}

    std::span<const std::byte, 1152> decryption;
    PublicKey encryption;
    std::span<const std::byte, 32> hash;
    std::span<const std::byte, 32> z;
};

/// One row of the matrix A, or, for encryption, of its transpose.
Vector sample_row(Seed rho, std::uint8_t row, bool transposed) noexcept {
    Vector elements;
    for (std::uint8_t column = 0; column < 3; ++column) {
        sample_uniform(elements.polynomials[column], rho, transposed ? row : column,
                       transposed ? column : row);
    }
    return elements;
}

/// The next three polynomials of noise, transformed.
void sample_transformed(Vector& noise, Seed seed, std::uint8_t nonce) noexcept {
    for (Polynomial& polynomial : noise.polynomials) {
        sample_noise(polynomial, seed, nonce++);
        ntt(polynomial);
    }
}

/// Zero if all coefficients are below q.
std::uint32_t decode_transformed(Vector& vector, std::span<const std::byte, 1152> from) noexcept {
    std::uint32_t excess = 0;
    for (std::size_t i = 0; i < 3; ++i) {
        decode(vector.polynomials[i], from.subspan(i * polynomial_size, polynomial_size), 12);
        excess |= reduce_all(vector.polynomials[i]);
    }
    return excess;
}

/// K-PKE.KeyGen (FIPS 203 5.1): the decryption key is the first part of the private key.
void generate_encryption_keys(Seed d, MlKem768::PublicKey& public_key,
                              std::span<std::byte, 1152> decryption_key) noexcept {
    constexpr std::array<std::byte, 1> k{std::byte{3}};
    TwoDigests seeds;
    Keccak{Keccak::sha3_512}.absorb(d).absorb(k).squeeze(seeds);
    const Seed rho = std::span{seeds}.first<32>();
    const Seed sigma = std::span{seeds}.last<32>();
    declassify(rho);

    Wiped<Vector> secret;
    Wiped<Vector> error;
    sample_transformed(secret, sigma, 0);
    sample_transformed(error, sigma, 3);
    for (std::uint8_t i = 0; i < 3; ++i) {
        const MutableBytes t_bytes =
            std::span{public_key}.subspan(i * polynomial_size, polynomial_size);
        Wiped<Polynomial> t;  // without the error it gives the secret away
        inner_product(t, sample_row(rho, i, false), secret);
        add(t, error.polynomials[i]);
        encode(t_bytes, t, 12);
        encode(decryption_key.subspan(i * polynomial_size, polynomial_size), secret.polynomials[i],
               12);
    }
    std::ranges::copy(rho, public_key.end() - 32);
}

/// K-PKE.Encrypt (FIPS 203 5.2), for the vector t of a public key.
void encrypt(const Vector& t, Seed rho, Backend::Message message, Seed randomness,
             Ciphertext& ciphertext) noexcept {
    const std::span out{ciphertext};
    Wiped<Vector> y;
    sample_transformed(y, randomness, 0);
    Wiped<Polynomial> sum;
    Wiped<Polynomial> other;
    for (std::uint8_t i = 0; i < 3; ++i) {
        inner_product(sum, sample_row(rho, i, true), y);
        inverse_ntt(sum);
        sample_noise(other, randomness, static_cast<std::uint8_t>(3 + i));
        add(sum, other);
        compress(sum, u_width);
        encode(out.subspan(i * u_size, u_size), sum, u_width);
    }
    inner_product(sum, t, y);
    inverse_ntt(sum);
    sample_noise(other, randomness, 6);
    add(sum, other);
    decode(other, message, 1);
    decompress(other, 1);
    add(sum, other);
    compress(sum, v_width);
    encode(out.subspan(3 * u_size), sum, v_width);
}

/// K-PKE.Decrypt (FIPS 203 5.3).
void decrypt(std::span<const std::byte, 1152> key, const Ciphertext& ciphertext,
             Backend::Secret message) noexcept {
    const std::span from{ciphertext};
    Vector u;
    for (std::size_t i = 0; i < 3; ++i) {
        decode(u.polynomials[i], from.subspan(i * u_size, u_size), u_width);
        decompress(u.polynomials[i], u_width);
        ntt(u.polynomials[i]);
    }
    Wiped<Vector> secret;
    decode_transformed(secret, key);
    Wiped<Polynomial> product;
    inner_product(product, secret, u);
    inverse_ntt(product);
    Wiped<Polynomial> w;
    decode(w, from.subspan(3 * u_size), v_width);
    decompress(w, v_width);
    subtract(w, product);
    compress(w, 1);
    encode(message, w, 1);
}

/// G of FIPS 203 4.1: the shared secret, then the randomness of the encryption.
void derive(TwoDigests& derived, Backend::Message message, Bytes key_hash) noexcept {
    Keccak{Keccak::sha3_512}.absorb(message).absorb(key_hash).squeeze(derived);
}

void generate(Backend::Seed seed, MlKem768::PublicKey& public_key,
              std::span<std::byte, 2400> private_key) noexcept {
    generate_encryption_keys(seed.first<32>(), public_key, private_key.first<1152>());
    std::ranges::copy(public_key, private_key.begin() + 1152);
    Keccak{Keccak::sha3_256}.absorb(public_key).squeeze(private_key.subspan<2336, 32>());
    std::ranges::copy(seed.last<32>(), private_key.end() - 32);
}

bool encapsulate(const MlKem768::PublicKey& key, Backend::Message message, Ciphertext& ciphertext,
                 Backend::Secret secret) noexcept {
    const PublicKey bytes{key};
    Vector t;
    if (decode_transformed(t, bytes.first<1152>()) != 0) return false;
    Digest key_hash;
    Keccak{Keccak::sha3_256}.absorb(key).squeeze(key_hash);
    TwoDigests derived;
    derive(derived, message, key_hash);
    const std::span parts{derived};
    encrypt(t, bytes.last<32>(), message, parts.last<32>(), ciphertext);
    std::ranges::copy(parts.first<32>(), secret.begin());
    return true;
}

void decapsulate(Backend::PrivateKey key, const Ciphertext& ciphertext,
                 Backend::Secret secret) noexcept {
    const PrivateKeyParts parts{key};
    Digest message;
    decrypt(parts.decryption, ciphertext, message);
    TwoDigests derived;
    derive(derived, message, parts.hash);
    Digest rejected;
    Keccak{Keccak::shake256}.absorb(parts.z).absorb(ciphertext).squeeze(rejected);

    Vector t;
    decode_transformed(t, parts.encryption.first<1152>());
    Wiped<Ciphertext> again;
    encrypt(t, parts.encryption.last<32>(), message, std::span{derived}.last<32>(), again);
    // All ones where they differ. Whether they do must not show.
    const unsigned differs = value_barrier(
        static_cast<unsigned>(sodium_memcmp(again.data(), ciphertext.data(), ciphertext.size())));
    for (std::size_t i = 0; i < secret.size(); ++i) {
        secret[i] = derived[i] ^ (static_cast<std::byte>(differs) & (derived[i] ^ rejected[i]));
    }
}

}  // namespace
}  // namespace mlkem768

const MlKem768Backend own_mlkem768{"culvert's own", mlkem768::generate, mlkem768::encapsulate,
                                   mlkem768::decapsulate};

}  // namespace culvert
