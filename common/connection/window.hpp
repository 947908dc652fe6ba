#pragma once

#include <cstdint>

namespace culvert {

/// What the peer still lets us send on a channel, in bytes (RFC 4254 5.2).
class SendWindow {
public:
    SendWindow() noexcept = default;
    explicit SendWindow(std::uint32_t initial) noexcept : left_{initial} {}

    std::uint32_t left() const noexcept { return left_; }
    void on_sent(std::uint32_t bytes) noexcept;
    /// Throws ProtocolError if the window would pass 2^32-1.
    void on_adjust(std::uint32_t bytes);

private:
    std::uint32_t left_ = 0;
};

/// What we still let the peer send. Credit is returned for bytes that were delivered, so that a
/// program that doesn't read stops its own stream.
class ReceiveWindow {
public:
    explicit ReceiveWindow(std::uint32_t size) noexcept : size_{size}, left_{size} {}

    std::uint32_t left() const noexcept { return left_; }
    /// Throws ProtocolError if the peer sends more than we let it.
    void on_received(std::uint32_t bytes);
    /// Returns what to grant the peer now: 0 as long as it isn't worth a message.
    [[nodiscard]] std::uint32_t on_delivered(std::uint32_t bytes) noexcept;

    /// A fast sender that is granted a quarter at a time never runs dry, and one message serves
    /// for many packets.
    static constexpr std::uint32_t grants_a_window = 4;

private:
    std::uint32_t size_;
    std::uint32_t left_;
    std::uint32_t to_grant_ = 0;
};

}  // namespace culvert
