#include "common/engine/engine.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "common/auth/signed_request.hpp"
#include "common/wire/auth_messages.hpp"
#include "common/wire/protocol_error.hpp"
#include "common/wire/transport_messages.hpp"

namespace culvert {
namespace {

// All the text that a server may show before the user is in.
constexpr std::size_t banner_limit = 16 * 1024;

ProtocolError not_from_this_side(std::uint8_t number) {
    return ProtocolError{fmt::format("message {}, which this side must not send now", number)};
}

/// What a version string (RFC 4253 4.2) says behind "SSH-2.0-".
std::string_view software_of(std::string_view version) {
    return version.substr(version.find('-', sizeof("SSH-") - 1) + 1);
}

/// The function of libssh that serves a key exchange returns between NEWKEYS and the end of the
/// login. It never returns if it reads both at once, as it may when the first request is granted.
FirstRequest first_request_to(std::string_view version) {
    return software_of(version).starts_with("libssh") ? FirstRequest::after_service_accept
                                                      : FirstRequest::at_once;
}

// The channels that were opened right behind the request are an offence now that it failed, and the
// server ends the connection for them.
Error refused_for_sure() {
    return Error{ErrorKind::authentication,
                 "the server doesn't take the key that it took before; to try the others takes "
                 "another connection"};
}

}  // namespace

// ---------------------------------------------------------------------- received

std::optional<EngineEvent> Engine::on_server_packet(std::uint8_t number, Bytes payload,
                                                    TimePoint now) {
    if (number == msg::ServiceRequest::number) {
        send(userauth_server_.on_service_request(payload));
        if (userauth_server_.service_requests() > 1) {
            transport_.irregularities().note(Irregularity::second_service_request);
        }
        return std::nullopt;
    }
    if (number != msg::UserauthRequest::number) throw not_from_this_side(number);
    if (authenticated_) return std::nullopt;  // RFC 4252 5.1: ignored
    on_login_answer(now);
    auto outcome = userauth_server_.on_request(payload, transport_.session_id());
    if (outcome.shown) return std::move(*outcome.shown);
    send(outcome.reply);
    return std::nullopt;
}

std::optional<EngineEvent> Engine::on_client_packet(std::uint8_t number, Bytes payload,
                                                    TimePoint now) {
    const bool has_begun =
        userauth_client_.service_accepted() || number == msg::ServiceAccept::number;
    if (authenticated_ || !has_begun) throw not_from_this_side(number);
    const SessionId& session_id = transport_.session_id();
    const NameList& algorithms = transport_.peer_extensions().server_sig_algs;
    switch (number) {
        case msg::ServiceAccept::number:
            userauth_client_.on_service_accept(payload);
            on_login_answer(now);
            return follow(userauth_client_.on_algorithms_known(session_id, algorithms), now);
        case msg::UserauthBanner::number:
            return on_banner(payload);
        case msg::UserauthPkOk::number:
            return follow(userauth_client_.on_pk_ok(payload, session_id, algorithms), now);
        case msg::UserauthFailure::number: {
            auto step = userauth_client_.on_failure(payload, session_id, algorithms);
            if (connection_.channels() > 0) throw refused_for_sure();
            return follow(std::move(step), now);
        }
        case msg::UserauthSuccess::number:
            userauth_client_.on_success(payload);
            on_login(now);
            return Authenticated{config_.identities.user,
                                 config_.identities.keys[userauth_client_.identity()]};
        default:
            throw not_from_this_side(number);
    }
}

std::optional<EngineEvent> Engine::on_banner(Bytes payload) {
    const auto banner = decode<msg::UserauthBanner>(payload);
    banner_bytes_ += payload.size();
    if (banner_bytes_ > banner_limit) {
        throw ProtocolError{"the server's banners are longer than 16 KiB"};
    }
    return BannerReceived{std::string{banner.message}};
}

// ---------------------------------------------------------------------- answers

void Engine::accept_host_key(TimePoint now) {
    on_owner_answered(now);
    transport_.accept_host_key();
    login_asked_ = now;
    begin_authentication(now);
}

/// The login's time stood still meanwhile.
void Engine::on_owner_answered(TimePoint now) noexcept {
    login_deadline_ += now - *std::exchange(owner_asked_, std::nullopt);
}

void Engine::begin_authentication(TimePoint now) {
    // Our NEWKEYS is out, so all this may follow without a word from most servers.
    send(encoded(msg::ServiceRequest{ssh_userauth}));
    pending_ = follow(userauth_client_.begin(transport_.session_id(),
                                             first_request_to(*transport_.peer_version())),
                      now);
}

/// EXT_INFO is the transport's, and no event: it has come with the packets that were read.
std::optional<EngineEvent> Engine::begin_if_algorithms_are_known(TimePoint now) {
    const NameList& algorithms = transport_.peer_extensions().server_sig_algs;
    if (config_.transport.role == Role::server || algorithms.empty()) return std::nullopt;
    return follow(userauth_client_.on_algorithms_known(transport_.session_id(), algorithms), now);
}

std::optional<EngineEvent> Engine::follow(UserauthClient::Step step, TimePoint now) {
    if (!step.packet.empty()) send(step.packet);
    if (!step.wanted) return std::nullopt;
    owner_asked_ = now;
    return std::move(*step.wanted);
}

void Engine::provide_signature(Bytes signature_blob, TimePoint now) {
    on_owner_answered(now);
    if (login_asked_) login_asked_ = now;  // SERVICE_REQUEST goes out with the request
    const ByteVector request =
        userauth_client_.sign({signature_blob.begin(), signature_blob.end()});
    if (!request.empty()) send(request);
}

void Engine::decline_signature(TimePoint now) {
    on_owner_answered(now);
    pending_ = follow(userauth_client_.decline(transport_.session_id(),
                                               transport_.peer_extensions().server_sig_algs),
                      now);
}

void Engine::ask_while_signing() {
    const ByteVector question = userauth_client_.ask_meanwhile();
    if (!question.empty()) send(question);
    login_asked_.reset();  // its answer is read when the signature is there
}

void Engine::accept_key(TimePoint now) {
    send(userauth_server_.accept());
    if (!userauth_server_.authenticated()) {
        login_asked_ = now;
        if (!std::exchange(key_taken_, true)) {
            login_deadline_ = std::max(login_deadline_, now + config_.login_grace_with_key);
        }
        return;
    }
    on_login(now);
    pending_ = Authenticated{userauth_server_.user(), userauth_server_.key()};
}

void Engine::refuse_key() { send(userauth_server_.refuse()); }

bool Engine::may_open_channels() const noexcept {
    return authenticated_ ||
           (config_.transport.role == Role::client && userauth_client_.request_is_sure() &&
            !transport_.delays_compression() && peer_takes_early_channels());
}

/// It decides about a request before it reads on. Other servers end the connection for a channel
/// ahead of USERAUTH_SUCCESS (AsyncSSH; ssh2 for node with an application that takes its time).
bool Engine::peer_takes_early_channels() const noexcept {
    if (peer_is_culvert()) return true;
    const std::string_view software = software_of(*transport_.peer_version());
    return software.starts_with("OpenSSH_") || software.starts_with("dropbear");
}

// ---------------------------------------------------------------------- time

void Engine::on_login_too_slow() const {
    Duration grace = config_.login_grace;
    if (key_taken_) grace = std::max(grace, config_.login_grace_with_key);
    const auto limit = std::chrono::ceil<std::chrono::seconds>(grace).count();
    const auto too_slow = [limit](const std::string& what) {
        return ProtocolError{fmt::format("{} within {} s", what, limit),
                             DisconnectReason::by_application};
    };
    if (key_taken_) throw too_slow("no authentication with the key that was taken");
    if (transport_.peer_version()) {
        throw too_slow(transport_.keys_sent() ? "no authentication" : "no end of the key exchange");
    }
    const bool is_client = config_.transport.role == Role::client;
    const std::string_view peer = is_client ? "server" : "client";
    const std::string said = transport_.said_before_version();
    if (said.empty()) throw too_slow(fmt::format("the {} said nothing", peer));
    throw too_slow(
        fmt::format("the peer is not an SSH {}: it said \"{}\" and no SSH version", peer, said));
}

}  // namespace culvert
