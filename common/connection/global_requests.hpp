#pragma once

#include <cstddef>
#include <optional>
#include <utility>

#include "common/base/time.hpp"
#include "common/connection/packet_sink.hpp"

namespace culvert {

/// Global requests of both sides (RFC 4254 4). Replies carry no name: each side answers in the
/// order of the requests.
class GlobalRequests {
public:
    explicit GlobalRequests(PacketSink& out) noexcept : out_{out} {}

    /// Asks the peer for a sign of life, as OpenSSH does. Every answer to it is one.
    void send_keepalive(TimePoint now);
    std::size_t awaited_replies() const noexcept { return awaited_replies_; }

    /// We grant none, and say so where an answer is wanted: that is what keepalive@openssh.com
    /// asks for. hostkeys-00@openssh.com and no-more-sessions@openssh.com want none. Returns the
    /// request's name, which lies in the payload.
    std::string_view on_request(Bytes payload);
    /// False if nothing was asked.
    bool on_reply(TimePoint now) noexcept;
    /// How long the last answer took, once; nothing where others were awaited before it.
    std::optional<Duration> take_round_trip() noexcept {
        return std::exchange(round_trip_, std::nullopt);
    }

private:
    PacketSink& out_;
    std::size_t awaited_replies_ = 0;
    std::optional<TimePoint> asked_alone_;
    std::optional<Duration> round_trip_;
};

}  // namespace culvert
