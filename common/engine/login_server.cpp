#include "common/engine/login_server.hpp"

#include <utility>

#include "common/engine/login_messages.hpp"
#include "common/wire/auth_messages.hpp"

namespace culvert {

std::optional<EngineEvent> LoginServer::on_packet(std::uint8_t number, Bytes payload) {
    if (number == msg::ServiceRequest::number) {
        transport_.send(userauth_.on_service_request(payload));
        if (userauth_.service_requests() > 1) {
            transport_.irregularities().note(Irregularity::second_service_request);
        }
        return std::nullopt;
    }
    if (number != msg::UserauthRequest::number) throw not_from_this_side(number);
    if (userauth_.authenticated()) return std::nullopt;  // RFC 4252 5.1: ignored
    auto outcome = userauth_.on_request(payload, transport_.session_id());
    if (outcome.request) return std::move(*outcome.request);
    transport_.send(outcome.reply);
    return std::nullopt;
}

std::optional<Authenticated> LoginServer::accept_key(TimePoint now) {
    transport_.send(userauth_.accept());
    if (userauth_.authenticated()) return Authenticated{userauth_.user(), userauth_.key()};
    clock_.on_asked(now);
    clock_.on_key_taken(now);
    return std::nullopt;
}

}  // namespace culvert
