// Our ML-KEM-768 behind lines, as mlkem768_oracle.py has them for other implementations.
#include <iostream>
#include <sstream>

#include "common/crypto/mlkem768_backends.hpp"
#include "tests/unit/common/crypto/hex.hpp"

using namespace culvert;
using test::hex;
using test::unhex_array;

namespace {

std::string answer(const std::string& line) {
    std::istringstream words{line};
    std::string function, first, second;
    words >> function >> first >> second;
    std::array<std::byte, 32> secret;
    if (function == "generate") {
        MlKem768::PublicKey public_key;
        std::array<std::byte, 2400> private_key;
        own_mlkem768.generate(unhex_array<64>(first), public_key, private_key);
        return hex(public_key) + ' ' + hex(private_key);
    }
    if (function == "encapsulate") {
        MlKem768::Ciphertext ciphertext;
        const bool taken = own_mlkem768.encapsulate(unhex_array<1184>(first),
                                                    unhex_array<32>(second), ciphertext, secret);
        return taken ? hex(ciphertext) + ' ' + hex(secret) : "refused";
    }
    if (function != "decapsulate") return "unknown";
    own_mlkem768.decapsulate(unhex_array<2400>(first), unhex_array<1088>(second), secret);
    return hex(secret);
}

}  // namespace

int main() {
    for (std::string line; std::getline(std::cin, line);) std::cout << answer(line) << std::endl;
}
