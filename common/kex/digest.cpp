#include "common/kex/digest.hpp"

#include <sodium.h>

#include <algorithm>

namespace culvert {

Digest::Digest(const Sha256Digest& digest) noexcept : size_{digest.size()} {
    std::ranges::copy(digest, bytes_.begin());
}

Digest::Digest(const Sha512Digest& digest) noexcept : size_{digest.size()} {
    std::ranges::copy(digest, bytes_.begin());
}

Digest::~Digest() { sodium_memzero(bytes_.data(), bytes_.size()); }

Hasher::Hasher(HashAlgorithm algorithm) noexcept {
    if (algorithm == HashAlgorithm::sha512) hash_.emplace<Sha512>();
}

Hasher& Hasher::update(Bytes more) noexcept {
    std::visit([more](auto& hash) { hash.update(more); }, hash_);
    return *this;
}

Digest Hasher::finish() noexcept {
    return std::visit(
        [](auto& hash) {
            auto bytes = hash.finish();
            const Digest digest{bytes};
            sodium_memzero(bytes.data(), bytes.size());
            return digest;
        },
        hash_);
}

}  // namespace culvert
