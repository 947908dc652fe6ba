#pragma once

#include <random>

#include "common/compression/compressor.hpp"
#include "tests/unit/common/crypto/test_random.hpp"

namespace culvert::test {

inline ByteVector compressed(Compressor& compressor, Bytes payload) {
    ByteVector to(compressor.bound(payload.size()));
    to.resize(compressor.compress(payload, to));
    return to;
}

inline ByteVector random_bytes(std::size_t size, std::uint32_t seed) {
    SeededRandom random{seed};
    ByteVector bytes(size);
    random.fill(bytes);
    return bytes;
}

/// Between noise and a single letter.
inline ByteVector text_like(std::size_t size, std::mt19937& random) {
    ByteVector bytes(size);
    const unsigned letters = 1 + random() % 64;
    for (std::byte& b : bytes) b = static_cast<std::byte>('a' + random() % letters);
    return bytes;
}

}  // namespace culvert::test
