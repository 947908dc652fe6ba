#pragma once

#include <cstddef>

#include "common/connection/packet_sink.hpp"

namespace culvert {

/// Global requests of both sides (RFC 4254 4). Replies carry no name: each side answers in the
/// order of the requests.
class GlobalRequests {
public:
    explicit GlobalRequests(PacketSink& out) noexcept : out_{out} {}

    /// Asks the peer for a sign of life, as OpenSSH does. Every answer to it is one.
    void send_keepalive();
    std::size_t awaited_replies() const noexcept { return awaited_replies_; }

    /// We grant none, and say so where an answer is wanted: that is what keepalive@openssh.com
    /// asks for. hostkeys-00@openssh.com and no-more-sessions@openssh.com want none. Returns the
    /// request's name, which lies in the payload.
    std::string_view on_request(Bytes payload);
    /// Throws ProtocolError if nothing was asked.
    void on_reply();

private:
    PacketSink& out_;
    std::size_t awaited_replies_ = 0;
};

}  // namespace culvert
