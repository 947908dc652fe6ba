#pragma once

#include <sodium.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <span>

#include "common/base/bytes.hpp"

namespace culvert {

/// N secret bytes. Move-only; every place they leave is wiped. Shown by reveal() alone, so that one
/// search finds each use; no formatter takes it.
template <class Tag, std::size_t N>
class Secret {
public:
    static constexpr std::size_t size = N;

    /// Takes the bytes over: `from` is zeros afterwards.
    explicit Secret(std::span<std::byte, N> from) noexcept {
        std::ranges::copy(from, bytes_.begin());
        sodium_memzero(from.data(), N);
    }
    Secret(Secret&& other) noexcept : Secret{std::span{other.bytes_}} {}
    Secret& operator=(Secret&&) = delete;
    ~Secret() { sodium_memzero(bytes_.data(), N); }

    std::span<const std::byte, N> reveal() const noexcept { return bytes_; }

private:
    std::array<std::byte, N> bytes_;
};

/// The key of AES-256, or of one ChaCha20 instance.
using CipherKey = Secret<struct CipherKeyTag, 32>;

}  // namespace culvert
