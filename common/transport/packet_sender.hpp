#pragma once

#include <cstddef>
#include <vector>

#include "common/transport/packet_writer.hpp"

namespace culvert {

/// What leaves when. Between our KEXINIT and our NEWKEYS only the key exchange's own messages and
/// the generic ones may leave (RFC 4253 7.1); the others are held until then, in their order.
class PacketSender {
public:
    PacketWriter& writer() noexcept { return writer_; }
    const PacketWriter& writer() const noexcept { return writer_; }

    /// Sealed at once, or held.
    void send(Bytes payload);

    /// Sends our KEXINIT.
    void begin_exchange(Bytes kexinit);
    /// Our NEWKEYS, and what must follow it directly, has been sent.
    void end_exchange();

    /// False while a key exchange holds everything else back; there is always a first one.
    bool is_open() const noexcept { return state_ == State::open; }
    /// Bytes of whole packets that wait for its end: small payloads cost more than themselves.
    std::size_t held_bytes() const noexcept { return held_bytes_; }

private:
    enum class State { key_exchange, open };

    PacketWriter writer_;
    State state_ = State::key_exchange;
    std::vector<ByteVector> held_;
    std::size_t held_bytes_ = 0;
};

}  // namespace culvert
