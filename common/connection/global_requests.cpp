#include "common/connection/global_requests.hpp"

#include "common/wire/connection_messages.hpp"

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

bool GlobalRequests::on_reply(TimePoint now) noexcept {
    if (awaited_replies_ == 0) return false;
    --awaited_replies_;
    if (asked_alone_) round_trip_ = now - *std::exchange(asked_alone_, std::nullopt);
    return true;
}

}  // namespace culvert
