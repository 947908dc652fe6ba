#pragma once

#include <limits>

#include "common/base/bytes.hpp"

namespace culvert {

/// Bytes received and not yet taken by the packet opener, in one piece, so that packets are opened
/// where they lie. It grows as long as the peer fills it and gives its memory back when idle.
class InputBuffer {
public:
    /// What was received and not consumed. Stays where it is until the next `space`.
    MutableBytes unread() noexcept { return MutableBytes{bytes_}.subspan(head_, tail_ - head_); }
    void consume(std::size_t length) noexcept { head_ += length; }

    /// Where the next bytes are to be received, never empty. Ends the life of every view that
    /// was taken from this buffer.
    /// `most` is how much it should come to, and how large the buffer may grow for that.
    MutableBytes space(std::size_t most = unlimited);
    void received(std::size_t length) noexcept;

    /// Copies received bytes in, for owners that have them elsewhere.
    void append(Bytes bytes);

    /// A packet of `length` bytes is on its way: the buffer must be able to hold it.
    void expect(std::size_t length) noexcept { expected_ = length; }

    void release() noexcept;

    static constexpr std::size_t unlimited = std::numeric_limits<std::size_t>::max();

private:
    void make_room();

    ByteVector bytes_;  ///< its size is the capacity
    std::size_t head_ = 0;
    std::size_t tail_ = 0;
    std::size_t expected_ = 0;
    std::size_t target_ = 0;  ///< the capacity that the peer's rate calls for
    bool filled_ = false;     ///< the last receive took all the room there was
};

}  // namespace culvert
