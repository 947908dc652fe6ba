#pragma once

#include <vector>

#include "common/base/bytes.hpp"
#include "common/pacing/limits.hpp"

namespace culvert {

/// Where decompressed payloads lie. One lives until the next, but those that are kept lie one
/// behind the other, so that many packets' data can be passed on with one call.
class PayloadArena {
public:
    /// Another packet comes: the last payload ends unless it was kept, and all end when full.
    void on_next_packet() noexcept;
    /// Room for its payload, of `length` bytes. Those of the last room that were filled already,
    /// `filled` of them, are at the front again.
    MutableBytes space(std::size_t length, std::size_t filled = 0);
    /// The first `length` bytes of that room are the payload.
    MutableBytes payload(std::size_t length) noexcept;
    /// The last payload lives until clear(), or until on_next_packet() if that leaves it full.
    void keep() noexcept;
    bool full() const noexcept { return kept_ >= enough; }

    void clear() noexcept;
    /// Gives memory back too.
    void release() noexcept;

    /// What one call passes on, in bytes.
    static constexpr std::size_t enough = limits::buffer::full_arena;

private:
    ByteVector bytes_;                  ///< its size is the capacity
    std::size_t used_ = 0;              ///< of it, by payloads that are kept
    std::size_t last_ = 0;              ///< the length of the last payload, which isn't kept yet
    std::size_t kept_ = 0;              ///< in all the pieces
    std::vector<ByteVector> outgrown_;  ///< the pieces before, with payloads that are kept
};

}  // namespace culvert
