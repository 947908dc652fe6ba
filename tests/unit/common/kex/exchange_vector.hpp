#pragma once

#include <string_view>

#include "common/kex/exchange_hash.hpp"
#include "tests/unit/common/crypto/hex.hpp"

namespace culvert::test {

inline KexSecret kex_secret(std::string_view shared_secret_in_hex) {
    return KexSecret::mpint_of(unhex(shared_secret_in_hex));
}

/// The shared secret of RFC 7748 6.1.
inline KexSecret rfc_7748_secret() {
    return kex_secret("4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742");
}

/// SHA-256 of the transcript in exchange_hash_test with that secret, by Python's hashlib.
inline constexpr std::string_view vector_hash =
    "43af6f687e818a549573f33eae86dbdffe5196dea5dd94d2c5b590e7669159e4";

/// first, first + 1, ...
inline ByteVector counting(std::size_t size, int first = 0) {
    ByteVector bytes;
    for (std::size_t i = 0; i < size; ++i) {
        bytes.push_back(static_cast<std::byte>(static_cast<std::size_t>(first) + i));
    }
    return bytes;
}

}  // namespace culvert::test
