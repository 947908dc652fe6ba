#include "common/connection/window.hpp"

#include <cassert>
#include <limits>

#include <fmt/format.h>

#include "common/wire/protocol_error.hpp"

namespace culvert {

void SendWindow::on_sent(std::uint32_t bytes) noexcept {
    assert(bytes <= left_);
    left_ -= bytes;
}

void SendWindow::on_adjust(std::uint32_t bytes) {
    if (bytes > std::numeric_limits<std::uint32_t>::max() - left_) {
        throw ProtocolError{
            fmt::format("a window of {} adjusted by {} passes 2^32-1", left_, bytes)};
    }
    left_ += bytes;
}

void ReceiveWindow::on_received(std::uint32_t bytes) {
    if (bytes > left_) {
        throw ProtocolError{fmt::format("{} bytes of data in a window of {}", bytes, left_)};
    }
    left_ -= bytes;
}

std::uint32_t ReceiveWindow::on_delivered(std::uint32_t bytes) noexcept {
    to_grant_ += bytes;
    assert(to_grant_ <= size_ - left_);
    if (to_grant_ < size_ / grants_a_window) return 0;
    const std::uint32_t grant = to_grant_;
    left_ += grant;
    to_grant_ = 0;
    return grant;
}

}  // namespace culvert
