#include "common/kex/digest.hpp"

#include <algorithm>

namespace culvert {

Digest::Digest(const Sha256Digest& digest) noexcept : size_{digest.size()} {
    std::ranges::copy(digest, bytes_.begin());
}

Digest::Digest(const Sha512Digest& digest) noexcept : size_{digest.size()} {
    std::ranges::copy(digest, bytes_.begin());
}

Hasher::Hasher(HashAlgorithm algorithm) noexcept {
    if (algorithm == HashAlgorithm::sha512) hash_.emplace<Sha512>();
}

Hasher& Hasher::update(Bytes more) noexcept {
    std::visit([more](auto& hash) { hash.update(more); }, hash_);
    return *this;
}

Digest Hasher::finish() noexcept {
    return std::visit([](auto& hash) { return Digest{hash.finish()}; }, hash_);
}

}  // namespace culvert
