// Our sntrup761 behind lines, as sntrup761_oracle.py has another one. It decapsulates with private
// keys of its own only.
#include <iostream>
#include <map>
#include <sstream>

#include "common/crypto/sntrup761.hpp"
#include "tests/unit/common/crypto/hex.hpp"

using namespace culvert;
using test::hex;
using test::unhex_array;

namespace {

SystemRandom system_random;
std::map<std::string, Sntrup761> own_keys;  ///< by private key

std::string answer(const std::string& line) {
    std::istringstream words{line};
    std::string function, first, second;
    words >> function >> first >> second;
    if (function == "generate") {
        Sntrup761 key{system_random};
        const std::string private_key = hex(key.private_key().reveal());
        const std::string public_key = hex(key.public_key());
        own_keys.emplace(private_key, std::move(key));
        return public_key + ' ' + private_key;
    }
    if (function == "encapsulate") {
        const auto made = Sntrup761::encapsulate(unhex_array<1158>(first), system_random);
        return hex(made.ciphertext) + ' ' + hex(made.secret.reveal());
    }
    if (function != "decapsulate") return "unknown";
    return hex(own_keys.at(first).decapsulate(unhex_array<1039>(second)).reveal());
}

}  // namespace

int main() {
    for (std::string line; std::getline(std::cin, line);) std::cout << answer(line) << std::endl;
}
