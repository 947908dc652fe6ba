#include "common/connection/global_requests.hpp"

#include "common/wire/connection_messages.hpp"
#include "common/wire/protocol_error.hpp"

namespace culvert {

void GlobalRequests::send_keepalive(TimePoint now) {
    out_.send(msg::GlobalRequest{"keepalive@openssh.com", true});
    if (awaited_replies_++ == 0) asked_alone_ = now;
}

std::string_view GlobalRequests::on_request(Bytes payload) {
    Reader in{payload};
    const auto request = decode_head<msg::GlobalRequest>(in);
    if (request.want_reply) out_.send(msg::RequestFailure{});
    return request.type;
}

void GlobalRequests::on_reply(TimePoint now) {
    if (awaited_replies_ == 0) throw ProtocolError{"an answer to a global request never made"};
    --awaited_replies_;
    if (asked_alone_) round_trip_ = now - *std::exchange(asked_alone_, std::nullopt);
}

}  // namespace culvert
