#pragma once

#include <memory>
#include <vector>

#include "common/keys/private_key.hpp"
#include "common/wire/writer.hpp"
#include "tests/unit/common/crypto/test_random.hpp"

namespace culvert::test {

/// A user's key; the same one for the same number.
inline const PrivateKey& user_key(std::uint32_t number) {
    static std::vector<std::unique_ptr<const PrivateKey>> keys;
    while (keys.size() <= number) {
        SeededRandom random{static_cast<std::uint32_t>(1000 + keys.size())};
        keys.push_back(std::make_unique<const PrivateKey>(PrivateKey::generate(random, "user")));
    }
    return *keys[number];
}

/// A public key of another type: only its first word means anything here.
inline PublicKey foreign_key(std::string_view algorithm) {
    ByteVector blob;
    Writer{blob}.string(algorithm);
    Writer{blob}.string(std::string_view{"whatever belongs to such a key"});
    return PublicKey::from_blob(blob);
}

inline ByteVector session_id(std::uint8_t number = 1) { return ByteVector(32, std::byte{number}); }

}  // namespace culvert::test
