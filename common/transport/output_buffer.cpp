#include "common/transport/output_buffer.hpp"

#include <algorithm>
#include <cassert>
#include <cstring>

namespace culvert {

MutableBytes OutputBuffer::space(std::size_t length) {
    if (bytes_.size() - tail_ < length && head_ > 0) {
        std::memmove(bytes_.data(), bytes_.data() + head_, size());
        tail_ -= head_;
        head_ = 0;
    }
    if (bytes_.size() - tail_ < length) {
        bytes_.resize(std::max(tail_ + length, bytes_.size() + bytes_.size() / 2));
    }
    return MutableBytes{bytes_}.subspan(tail_, length);
}

void OutputBuffer::sent(std::size_t length) noexcept {
    assert(length <= size());
    head_ += length;
    if (head_ == tail_) head_ = tail_ = 0;
}

void OutputBuffer::release() noexcept {
    if (empty()) bytes_ = ByteVector{};
}

}  // namespace culvert
