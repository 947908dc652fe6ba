#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <map>
#include <optional>
#include <utility>

#include "common/base/strong.hpp"
#include "common/base/time.hpp"
#include "common/connection/packet_sink.hpp"
#include "common/pacing/limits.hpp"
#include "common/wire/forward_requests.hpp"

namespace culvert {

/// A global request of one side, by the order of its requests.
using RequestId = Strong<struct RequestIdTag, std::uint64_t>;

/// The peer asks for a remote forward, or for its end. The owner answers with grant or deny, now or
/// later.
struct ForwardRequested {
    RequestId request;
    ForwardRequest what;
};

/// The peer's answer to a request of ours.
struct ForwardAnswered {
    RequestId request;
    bool granted = false;
    std::uint16_t port = 0;  ///< that the peer chose, where the request left it to it; else 0
};

/// Global requests of both sides (RFC 4254 4). Replies carry no name: each side answers in the
/// order of the requests, so an answer that is known early waits for those before it.
class GlobalRequests {
public:
    explicit GlobalRequests(PacketSink& out) noexcept : out_{out} {}

    // ---- ours
    /// Asks the peer for a sign of life, as OpenSSH does. Every answer to it is one.
    void send_keepalive(TimePoint now);
    /// Asks for a remote forward, or for its end: ForwardAnswered follows.
    RequestId ask(const ForwardRequest& what, TimePoint now);
    std::size_t awaited_replies() const noexcept { return asked_.size(); }
    /// False if nothing was asked: the reply is to be ignored.
    bool awaits_reply() const noexcept { return !asked_.empty(); }
    /// A REQUEST_SUCCESS or REQUEST_FAILURE, while one is awaited; nothing where a sign of life was
    /// asked for. Throws ProtocolError for a success that lacks the port that was asked for.
    std::optional<ForwardAnswered> on_reply(Bytes payload, TimePoint now);
    /// How long the last answer took, once; nothing where others were awaited before it.
    std::optional<Duration> take_round_trip() noexcept {
        return std::exchange(round_trip_, std::nullopt);
    }

    // ---- the peer's
    /// What isn't about a forward is denied where an answer is wanted: that is what
    /// keepalive@openssh.com asks for. hostkeys-00@openssh.com and no-more-sessions@openssh.com
    /// want none. Throws ProtocolError for a garbled request, and for one too many that waits.
    std::optional<ForwardRequested> on_request(Bytes payload);
    /// `port`: the one that was chosen, where the request left that to us. The request must wait
    /// for an answer.
    void grant(RequestId request, std::uint16_t port = 0);
    void deny(RequestId request);

    static constexpr std::size_t most_unanswered = limits::peer::global_requests;

private:
    struct Asked {
        std::optional<RequestId> request;  ///< none: a sign of life
        bool leaves_port = false;          ///< to the peer, which then names it
    };
    enum class Answer : std::uint8_t { none, granted, denied };
    struct Unanswered {
        bool wants_reply = false;
        bool leaves_port = false;
        Answer answer = Answer::none;
        std::uint16_t port = 0;
    };

    void await_reply(const Asked& asked, TimePoint now);
    void answer(RequestId request, Answer answer, std::uint16_t port);
    void send_answers();

    PacketSink& out_;
    // Neither costs memory while it is empty, as in most connections at most times.
    std::list<Asked> asked_;
    std::map<RequestId, Unanswered> unanswered_;
    std::uint64_t count_asked_ = 0;
    std::uint64_t count_received_ = 0;
    std::optional<TimePoint> asked_alone_;
    std::optional<Duration> round_trip_;
};

}  // namespace culvert
