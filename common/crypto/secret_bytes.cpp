#include "common/crypto/secret_bytes.hpp"

#include <sodium.h>

#include <algorithm>
#include <cassert>

#include <fmt/format.h>

#include "common/base/error.hpp"
#include "common/crypto/sodium.hpp"

namespace culvert {

SecretBytes::SecretBytes(std::size_t size) : size_{size} {
    start_crypto();  // sodium_free ends the program for memory that is older than this
    data_ = static_cast<std::byte*>(sodium_malloc(size));
    if (data_ == nullptr) {
        throw Error{ErrorKind::internal,
                    fmt::format("no memory for {} bytes of a secret: more memory, or a higher "
                                "vm.max_map_count, is needed",
                                size)};
    }
    // sodium_malloc fills with a pattern, to show the use of bytes that nobody wrote.
    sodium_memzero(data_, size_);
}

SecretBytes SecretBytes::take(MutableBytes from) {
    SecretBytes secret{from.size()};
    std::ranges::copy(from, secret.data_);
    sodium_memzero(from.data(), from.size());
    return secret;
}

SecretBytes::~SecretBytes() { sodium_free(data_); }

void SecretBytes::shrink(std::size_t size) noexcept {
    assert(size <= size_);
    sodium_memzero(data_ + size, size_ - size);
    size_ = size;
}

}  // namespace culvert
