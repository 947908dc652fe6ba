#include "common/transport/input_buffer.hpp"

#include <algorithm>
#include <cassert>
#include <cstring>

#include "common/base/memory_reserve.hpp"
#include "common/pacing/limits.hpp"

namespace culvert {

MutableBytes InputBuffer::space(std::size_t most) {
    if (head_ == tail_) head_ = tail_ = 0;
    if (filled_ && !memory_is_low()) {
        target_ = std::min({std::max(limits::buffer::first_input, bytes_.size() * 2),
                            limits::buffer::largest_input, most});
        filled_ = false;
    }
    make_room();
    const MutableBytes room = MutableBytes{bytes_}.subspan(tail_);
    return room.first(std::min(room.size(), most));
}

void InputBuffer::make_room() {
    const std::size_t unread_length = tail_ - head_;
    const std::size_t capacity = std::max({bytes_.size(), target_, limits::buffer::first_input,
                                           expected_ + limits::buffer::least_input_room,
                                           unread_length + limits::buffer::least_input_room});
    if (capacity > bytes_.size()) {
        ByteVector larger(capacity);
        if (unread_length > 0) std::memcpy(larger.data(), bytes_.data() + head_, unread_length);
        bytes_ = std::move(larger);
    } else if (bytes_.size() - tail_ <
                   std::max(limits::buffer::least_input_room,
                            bytes_.size() / limits::buffer::parts_of_input_room) &&
               head_ > 0) {
        std::memmove(bytes_.data(), bytes_.data() + head_, unread_length);
    } else {
        return;
    }
    head_ = 0;
    tail_ = unread_length;
}

void InputBuffer::received(std::size_t length) noexcept {
    assert(length <= bytes_.size() - tail_);
    tail_ += length;
    filled_ = tail_ == bytes_.size();
}

void InputBuffer::append(Bytes bytes) {
    while (!bytes.empty()) {
        const MutableBytes room = space();
        const std::size_t length = std::min(room.size(), bytes.size());
        std::memcpy(room.data(), bytes.data(), length);
        received(length);
        bytes = bytes.subspan(length);
    }
}

void InputBuffer::release() noexcept {
    if (head_ != tail_) return;
    bytes_ = ByteVector{};
    head_ = tail_ = target_ = 0;
    filled_ = false;
}

}  // namespace culvert
