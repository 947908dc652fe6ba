#pragma once

#include "common/base/bytes.hpp"

namespace culvert {

/// Sealed packets on their way to the peer, one after the other in one piece of memory, so that a
/// single send takes them all. Packets are built where they will lie: `space` first, then `commit`.
class OutputBuffer {
public:
    /// What is to be sent next; valid until the next call that isn't const.
    Bytes unsent() const noexcept { return Bytes{bytes_}.subspan(head_, tail_ - head_); }
    std::size_t size() const noexcept { return tail_ - head_; }
    bool empty() const noexcept { return head_ == tail_; }

    /// Room for `length` bytes behind what is there; valid until the next call that isn't const.
    MutableBytes space(std::size_t length);
    /// The first `length` bytes of that room are now part of the output.
    void commit(std::size_t length) noexcept { tail_ += length; }
    void sent(std::size_t length) noexcept;

    /// Gives memory back. An idle connection owns none.
    void release() noexcept;

private:
    ByteVector bytes_;  ///< its size is the capacity; only [head_, tail_) means anything
    std::size_t head_ = 0;
    std::size_t tail_ = 0;
};

}  // namespace culvert
