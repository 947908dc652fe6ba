#include "common/crypto/mlkem768_backends.hpp"

#ifdef CULVERT_HAVE_SODIUM_MLKEM768

#include <sodium.h>

#include <cassert>

namespace culvert {
namespace {

void generate_with_sodium(MlKem768Backend::Seed seed, MlKem768::PublicKey& public_key,
                          std::span<std::byte, 2400> private_key) noexcept {
    crypto_kem_mlkem768_seed_keypair(uchar(MutableBytes{public_key}),
                                     uchar(MutableBytes{private_key}), uchar(seed));
}

bool encapsulate_with_sodium(const MlKem768::PublicKey& key, MlKem768Backend::Message message,
                             MlKem768::Ciphertext& ciphertext,
                             MlKem768Backend::Secret secret) noexcept {
    return crypto_kem_mlkem768_enc_deterministic(uchar(MutableBytes{ciphertext}),
                                                 uchar(MutableBytes{secret}), uchar(key),
                                                 uchar(message)) == 0;
}

void decapsulate_with_sodium(MlKem768Backend::PrivateKey key,
                             const MlKem768::Ciphertext& ciphertext,
                             MlKem768Backend::Secret secret) noexcept {
    // It knows no failure: a wrong ciphertext is rejected implicitly.
    [[maybe_unused]] const int failure =
        crypto_kem_mlkem768_dec(uchar(MutableBytes{secret}), uchar(ciphertext), uchar(key));
    assert(failure == 0);
}

}  // namespace

void add_sodium_mlkem768(std::vector<MlKem768Backend>& backends) {
    backends.push_back(
        {"libsodium", generate_with_sodium, encapsulate_with_sodium, decapsulate_with_sodium});
}

}  // namespace culvert

#else

namespace culvert {

void add_sodium_mlkem768(std::vector<MlKem768Backend>&) {}

}  // namespace culvert

#endif
