#include "common/crypto/mlkem768.hpp"

#include "common/crypto/mlkem768_backends.hpp"
#include "common/crypto/wiped.hpp"

namespace culvert {
namespace {

const MlKem768Backend& used_mlkem768() {
    static const MlKem768Backend backend = available_mlkem768_backends().front();
    return backend;
}

template <class PrivateKey>
PrivateKey generate_mlkem768(Random& random, MlKem768::PublicKey& public_key) {
    Wiped<std::array<std::byte, 64>> seed;
    random.fill(seed);
    std::array<std::byte, PrivateKey::size> private_key;
    used_mlkem768().generate(seed, public_key, private_key);
    return PrivateKey{std::span{private_key}};
}

}  // namespace

const std::vector<MlKem768Backend>& available_mlkem768_backends() {
    static const std::vector<MlKem768Backend> backends = [] {
        std::vector<MlKem768Backend> found;
        add_sodium_mlkem768(found);
        found.push_back(own_mlkem768);
        return found;
    }();
    return backends;
}

std::string_view mlkem768_backend_name() { return used_mlkem768().name; }

MlKem768::MlKem768(Random& random)
    : private_key_{generate_mlkem768<decltype(private_key_)>(random, public_key_)} {}

KemSecret MlKem768::decapsulate(const Ciphertext& ciphertext) const {
    std::array<std::byte, KemSecret::size> secret;
    used_mlkem768().decapsulate(private_key_.reveal(), ciphertext, secret);
    return KemSecret{std::span{secret}};
}

std::optional<MlKem768::Encapsulation> MlKem768::encapsulate(const PublicKey& key, Random& random) {
    Wiped<std::array<std::byte, 32>> message;
    random.fill(message);
    Ciphertext ciphertext;
    std::array<std::byte, KemSecret::size> secret;
    if (!used_mlkem768().encapsulate(key, message, ciphertext, secret)) {
        return std::nullopt;
    }
    return Encapsulation{ciphertext, KemSecret{std::span{secret}}};
}

}  // namespace culvert
