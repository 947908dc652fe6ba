#include "common/connection/global_requests.hpp"

#include <cassert>

#include "common/wire/connection_messages.hpp"
#include "common/wire/ports.hpp"
#include "common/wire/protocol_error.hpp"

namespace culvert {
namespace {

bool leaves_port(const ForwardRequest& request) {
    const auto* const tcpip = std::get_if<TcpipForward>(&request);
    return tcpip != nullptr && tcpip->bound.port == 0;
}

}  // namespace

// ---------------------------------------------------------------------- ours

void GlobalRequests::await_reply(const Asked& asked, TimePoint now) {
    if (asked_.empty()) asked_alone_ = now;
    asked_.push_back(asked);
}

void GlobalRequests::send_keepalive(TimePoint now) {
    out_.send(msg::GlobalRequest{"keepalive@openssh.com", true});
    await_reply({}, now);
}

RequestId GlobalRequests::ask(const ForwardRequest& what, TimePoint now) {
    ByteVector payload = encoded(msg::GlobalRequest{name_of(what), true});
    encode_fields(what, payload);
    out_.send(payload);
    const RequestId request{count_asked_++};
    await_reply({request, leaves_port(what)}, now);
    return request;
}

std::optional<ForwardAnswered> GlobalRequests::on_reply(Bytes payload, TimePoint now) {
    assert(awaits_reply());
    const Asked asked = asked_.front();
    asked_.pop_front();
    if (asked_alone_) round_trip_ = now - *std::exchange(asked_alone_, std::nullopt);
    if (!asked.request) return std::nullopt;
    ForwardAnswered answered{.request = *asked.request,
                             .granted = message_number(payload) == msg::RequestSuccess::number};
    if (answered.granted && asked.leaves_port) {
        Reader in{payload};
        decode_head<msg::RequestSuccess>(in);
        answered.port = port_or_0(decode_fields<msg::BoundPort>(in).port);
        if (answered.port == 0) throw ProtocolError{"a remote forward at no port"};
    }
    return answered;
}

// ---------------------------------------------------------------------- the peer's

std::optional<ForwardRequested> GlobalRequests::on_request(Bytes payload) {
    Reader in{payload};
    const auto request = decode_head<msg::GlobalRequest>(in);
    auto what = decode_forward_request(request.type, in);
    if (!what && unanswered_.empty()) {
        if (request.want_reply) out_.send(msg::RequestFailure{});
        return std::nullopt;
    }
    if (unanswered_.size() == most_unanswered) {
        throw ProtocolError{"too many global requests that wait for an answer"};
    }
    const RequestId id{count_received_++};
    unanswered_[id] = {.wants_reply = request.want_reply,
                       .leaves_port = what && leaves_port(*what),
                       .answer = what ? Answer::none : Answer::denied};
    if (!what) return std::nullopt;
    return ForwardRequested{id, *std::move(what)};
}

void GlobalRequests::grant(RequestId request, std::uint16_t port) {
    answer(request, Answer::granted, port);
}

void GlobalRequests::deny(RequestId request) { answer(request, Answer::denied, 0); }

void GlobalRequests::answer(RequestId request, Answer answer, std::uint16_t port) {
    Unanswered& asked = unanswered_.at(request);
    assert(asked.answer == Answer::none);
    asked.answer = answer;
    asked.port = port;
    send_answers();
}

/// Those that no other one holds up.
void GlobalRequests::send_answers() {
    while (!unanswered_.empty() && unanswered_.begin()->second.answer != Answer::none) {
        const Unanswered first = unanswered_.begin()->second;
        unanswered_.erase(unanswered_.begin());
        if (!first.wants_reply) continue;
        if (first.answer == Answer::denied) {
            out_.send(msg::RequestFailure{});
            continue;
        }
        ByteVector payload = encoded(msg::RequestSuccess{});
        if (first.leaves_port) encode_fields(msg::BoundPort{first.port}, payload);
        out_.send(payload);
    }
}

}  // namespace culvert
