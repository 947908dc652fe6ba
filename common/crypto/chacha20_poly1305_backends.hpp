#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

#include "common/base/bytes.hpp"

namespace culvert {

/// The two functions that chacha20-poly1305@openssh.com spends its time in. Neither allocates.
struct ChaCha20Poly1305Backend {
    using Key = std::span<const std::byte, 32>;
    using Nonce = std::array<std::byte, 8>;  ///< of the original ChaCha20: 64 bits
    using Tag = std::span<std::byte, 16>;

    std::string_view name;
    /// Encrypts or decrypts a body where it lies: the key stream from block 1 on.
    void (*apply_to_body)(Key key, const Nonce& nonce, MutableBytes body) noexcept;
    /// Poly1305 under a key for this message alone.
    void (*authenticate)(Key one_time_key, Bytes message, Tag tag) noexcept;
};

/// Those that work on this CPU and in this build, the fastest first; libsodium's always does.
const std::vector<ChaCha20Poly1305Backend>& available_chacha20_poly1305_backends();

/// Appends the multi-buffer library's, if it works.
void add_multi_buffer_chacha20_poly1305(std::vector<ChaCha20Poly1305Backend>& backends);

}  // namespace culvert
