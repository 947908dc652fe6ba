// ML-KEM-768, our implementation. Public are rho with the matrix that comes from it (declassified
// where it is computed), the public key, and ciphertexts.
#include <array>

#include "common/crypto/mlkem768_backends.hpp"
#include "tests/constant_time/memcheck.hpp"

using namespace culvert;
using namespace culvert::constant_time;

namespace {

template <std::size_t N>
std::array<std::byte, N> some_secret(unsigned factor) {
    std::array<std::byte, N> bytes;
    for (std::size_t i = 0; i < N; ++i) bytes[i] = static_cast<std::byte>(i * factor);
    make_secret(bytes);
    return bytes;
}

bool exchange(unsigned factor) {
    MlKem768::PublicKey public_key;
    std::array<std::byte, 2400> private_key;
    own_mlkem768.generate(some_secret<64>(factor), public_key, private_key);
    make_public(public_key);
    make_public(std::span{private_key}.subspan<1152, 1184 + 32>());  // the same, and its hash

    MlKem768::Ciphertext ciphertext;
    std::array<std::byte, 32> sent;
    if (!own_mlkem768.encapsulate(public_key, some_secret<32>(factor), ciphertext, sent))
        return false;
    make_public(ciphertext);

    // Whether a ciphertext is rejected is a secret, too.
    std::array<std::byte, 32> received;
    own_mlkem768.decapsulate(private_key, ciphertext, received);
    ciphertext[factor] ^= std::byte{1};
    std::array<std::byte, 32> rejected;
    own_mlkem768.decapsulate(private_key, ciphertext, rejected);
    make_public(sent);
    make_public(received);
    make_public(rejected);
    return received == sent && rejected != sent;
}

}  // namespace

int main() {
    return check([] { return exchange(7) && exchange(211); });
}
