#include "common/engine/login_client.hpp"

#include <utility>

#include "common/auth/signed_request.hpp"
#include "common/engine/login_messages.hpp"
#include "common/engine/peer_software.hpp"
#include "common/pacing/limits.hpp"
#include "common/wire/auth_messages.hpp"
#include "common/wire/protocol_error.hpp"
#include "common/wire/transport_messages.hpp"

namespace culvert {
namespace {

// The channels that were opened right behind the request are an offence now that it failed, and the
// server ends the connection for them.
Error refused_optimistic_request() {
    return Error{ErrorKind::authentication,
                 "the server doesn't take the key that it took before; to try the others takes "
                 "another connection"};
}

}  // namespace

std::optional<EngineEvent> LoginClient::begin(TimePoint now) {
    clock_.on_asked(now);
    // Our NEWKEYS is out, so all this may follow without a word from most servers.
    transport_.send(msg::ServiceRequest{ssh_userauth});
    return follow(
        userauth_.begin(transport_.session_id(), first_request_to(*transport_.peer_version())),
        now);
}

std::optional<EngineEvent> LoginClient::follow(UserauthClient::Step step, TimePoint now) {
    if (!step.packet.empty()) transport_.send(step.packet);
    if (!step.wanted) return std::nullopt;
    clock_.pause(now);
    return std::move(*step.wanted);
}

std::optional<EngineEvent> LoginClient::on_packet(std::uint8_t number, Bytes payload, bool channels,
                                                  TimePoint now) {
    const bool has_begun = userauth_.service_accepted() || number == msg::ServiceAccept::number;
    if (userauth_.authenticated() || !has_begun) throw not_from_this_side(number);
    const SessionId& session_id = transport_.session_id();
    switch (number) {
        case msg::ServiceAccept::number:
            userauth_.on_service_accept(payload);
            return follow(userauth_.on_algorithms_known(session_id, algorithms()), now);
        case msg::UserauthBanner::number:
            return on_banner(payload);
        case msg::UserauthPkOk::number:
            return follow(userauth_.on_pk_ok(payload, session_id, algorithms()), now);
        case msg::UserauthFailure::number: {
            auto step = userauth_.on_failure(payload, session_id, algorithms());
            if (channels) throw refused_optimistic_request();
            return follow(std::move(step), now);
        }
        case msg::UserauthSuccess::number:
            userauth_.on_success(payload);
            return Authenticated{userauth_.user(), userauth_.key()};
        default:
            throw not_from_this_side(number);
    }
}

EngineEvent LoginClient::on_banner(Bytes payload) {
    const auto banner = decode<msg::UserauthBanner>(payload);
    banner_bytes_ += payload.size();
    if (banner_bytes_ > limits::peer::banner) {
        throw ProtocolError{"the server's banners are longer than 16 KiB"};
    }
    return BannerReceived{std::string{banner.message}};
}

/// EXT_INFO is the transport's, and no event: it has come with the packets that were read.
std::optional<EngineEvent> LoginClient::begin_if_algorithms_are_known(TimePoint now) {
    if (algorithms().empty()) return std::nullopt;
    return follow(userauth_.on_algorithms_known(transport_.session_id(), algorithms()), now);
}

void LoginClient::provide_signature(Bytes signature_blob, TimePoint now) {
    clock_.resume(now);
    clock_.move_asked(now);  // SERVICE_REQUEST goes out with the request
    const ByteVector request = userauth_.sign({signature_blob.begin(), signature_blob.end()});
    if (!request.empty()) transport_.send(request);
}

std::optional<EngineEvent> LoginClient::decline_signature(TimePoint now) {
    clock_.resume(now);
    return follow(userauth_.decline(transport_.session_id(), algorithms()), now);
}

void LoginClient::query_while_signing() {
    const ByteVector query = userauth_.query_meanwhile();
    if (!query.empty()) transport_.send(query);
    clock_.forget_asked();  // its answer is read when the signature is there
}

}  // namespace culvert
