#pragma once

#include <cstddef>
#include <list>
#include <span>

#include "common/base/bytes.hpp"
#include "common/pacing/limits.hpp"

namespace culvert {

/// Bytes that wait for a socket to take them, in the order they came. They are kept in chunks, so
/// that more of them moves none of the others, and what has been taken is free at once.
class Backlog {
public:
    bool empty() const noexcept { return chunks_.empty(); }
    std::size_t size() const noexcept { return size_; }

    /// May throw std::bad_alloc; a part of `data` may be in it then.
    void append(Bytes data);
    /// Fills `views` with the first of what waits, and returns those that it filled. They live
    /// until the next append() or taken().
    std::span<const Bytes> front(std::span<Bytes> views) const noexcept;
    /// The first bytes, of those that front() showed.
    void taken(std::size_t bytes) noexcept;
    void clear() noexcept;

private:
    /// None is empty. Not a deque, which takes half a kilobyte also when nothing is in it.
    std::list<ByteVector> chunks_;
    std::size_t taken_ = 0;  ///< of the first chunk
    std::size_t size_ = 0;
};

}  // namespace culvert
