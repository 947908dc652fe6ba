#include "common/compression/payload_arena.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

namespace culvert {
void PayloadArena::on_next_packet() noexcept {
    last_ = 0;
    if (full()) clear();
}

MutableBytes PayloadArena::space(std::size_t length, std::size_t filled) {
    if (bytes_.size() - used_ < length) {
        ByteVector larger(std::max({limits::buffer::first_arena, bytes_.size() * 2, length}));
        if (filled > 0) std::memcpy(larger.data(), bytes_.data() + used_, filled);
        std::swap(bytes_, larger);
        if (std::exchange(used_, 0) > 0) outgrown_.push_back(std::move(larger));
    }
    return MutableBytes{bytes_}.subspan(used_, length);
}

MutableBytes PayloadArena::payload(std::size_t length) noexcept {
    last_ = length;
    return MutableBytes{bytes_}.subspan(used_, length);
}

void PayloadArena::keep() noexcept {
    used_ += last_;
    kept_ += last_;
    last_ = 0;
}

void PayloadArena::clear() noexcept {
    used_ = last_ = kept_ = 0;
    outgrown_.clear();
}

void PayloadArena::release() noexcept {
    clear();
    bytes_ = ByteVector{};
    outgrown_ = {};
}

}  // namespace culvert
