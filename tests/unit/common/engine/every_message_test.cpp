// Each message number in each state of a connection, in each role: what is ended, what is ignored
// (docs/contract.md), attacks 1 to 5.
#include <doctest/doctest.h>

#include <fmt/format.h>

#include "tests/unit/common/engine/every_message_rows.hpp"

using namespace culvert;
using namespace culvert::test;

namespace {

struct EventName {
    std::string_view operator()(const HostKeyOffered&) { return "HostKeyOffered"; }
    std::string_view operator()(const HostSignatureWanted&) { return "HostSignatureWanted"; }
    std::string_view operator()(const SignatureWanted&) { return "SignatureWanted"; }
    std::string_view operator()(const PublicKeyRequest&) { return "PublicKeyRequest"; }
    std::string_view operator()(const Authenticated&) { return "Authenticated"; }
    std::string_view operator()(const BannerReceived&) { return "BannerReceived"; }
    std::string_view operator()(const Rekeyed&) { return "Rekeyed"; }
    std::string_view operator()(const YieldDue&) { return "YieldDue"; }
    std::string_view operator()(const PeerDisconnected&) { return "PeerDisconnected"; }
    std::string_view operator()(const ChannelRequested&) { return "ChannelRequested"; }
    std::string_view operator()(const ChannelOpened&) { return "ChannelOpened"; }
    std::string_view operator()(const ChannelRefused&) { return "ChannelRefused"; }
    std::string_view operator()(const ChannelDataReceived&) { return "ChannelDataReceived"; }
    std::string_view operator()(const ChannelEofReceived&) { return "ChannelEofReceived"; }
    std::string_view operator()(const ChannelClosed&) { return "ChannelClosed"; }
    std::string_view operator()(const RequestDenied&) { return "RequestDenied"; }
    std::string_view operator()(const ChannelLost&) { return "ChannelLost"; }
    std::string_view operator()(const InboxFull&) { return "InboxFull"; }
    std::string_view operator()(const ForwardRequested&) { return "ForwardRequested"; }
    std::string_view operator()(const ForwardAnswered&) { return "ForwardAnswered"; }
};

/// A message of this number that is well-formed, and right where one is legal. What has no form
/// that we know is the number and some bytes.
ByteVector message_of(int number) {
    constexpr ChannelId channel{0};
    const Bytes key = user_key()->public_key().blob();
    switch (number) {
        case 1:
            return encoded(msg::Disconnect{11, "bye", ""});
        case 2:
            return encoded(msg::Ignore{});
        case 3:
            return encoded(msg::Unimplemented{0});
        case 4:
            return encoded(msg::Debug{false, "text", ""});
        case 5:
            return encoded(msg::ServiceRequest{ssh_userauth});
        case 6:
            return encoded(msg::ServiceAccept{ssh_userauth});
        case 7:
            return encoded(msg::ExtInfo{0});
        case 20:
            return encoded(make_kexinit(algorithms_of({}), Role::client, Exchange::rekey));
        case 21:
            return encoded(msg::NewKeys{});
        case 30:
            return encoded(msg::KexEcdhInit{ByteVector(32, std::byte{9})});
        case 31:
            return encoded(msg::KexEcdhReply{key, ByteVector(32, std::byte{9}), key});
        case 50:
            return encoded(msg::UserauthRequest{"alice", ssh_connection, "none"});
        case 51:
            return encoded(msg::UserauthFailure{{"publickey"}, false});
        case 52:
            return encoded(msg::UserauthSuccess{});
        case 53:
            return encoded(msg::UserauthBanner{"hello", ""});
        case 60:
            return encoded(msg::UserauthPkOk{ssh_ed25519, key});
        case 80:
            return encoded(msg::GlobalRequest{"keepalive@openssh.com", true});
        case 81:
            return encoded(msg::RequestSuccess{});
        case 82:
            return encoded(msg::RequestFailure{});
        case 90: {
            ByteVector open = encoded(msg::ChannelOpen{"direct-tcpip", ChannelId{7}, 1000, 1000});
            encode_fields(msg::TcpipChannel{"target", 110, "127.0.0.1", 40000}, open);
            return open;
        }
        case 91:
            return encoded(msg::ChannelOpenConfirmation{channel, channel, 1000, 1000});
        case 92:
            return encoded(msg::ChannelOpenFailure{channel, 1, "no", ""});
        case 93:
            return encoded(msg::ChannelWindowAdjust{channel, 1});
        case 94:
            return encoded(msg::ChannelData{channel, key});
        case 95:
            return encoded(msg::ChannelExtendedData{channel, 1, key});
        case 96:
            return encoded(msg::ChannelEof{channel});
        case 97:
            return encoded(msg::ChannelClose{channel});
        case 98:
            return encoded(msg::ChannelRequest{channel, "window-probe", true});
        case 99:
            return encoded(msg::ChannelSuccess{channel});
        case 100:
            return encoded(msg::ChannelFailure{channel});
        case 192:
            return encoded(msg::Ping{key});
        case 193:
            return encoded(msg::Pong{key});
        default: {
            ByteVector payload(9);
            payload[0] = static_cast<std::byte>(number);
            return payload;
        }
    }
}

/// The owner ends the connection, and the peer must be told why as its last message.
bool ends_with_protocol_error(Walk& walk, const ProtocolError& error) {
    if (!walk.events.empty()) return false;
    walk.engine.end(error.reason(), error.what());
    const auto heard = walk.peer.listen();
    if (heard.empty() || message_number(heard.back()) != msg::Disconnect::number) return false;
    const auto last = decode<msg::Disconnect>(heard.back());
    return last.reason == static_cast<std::uint32_t>(DisconnectReason::protocol_error) &&
           !last.description.empty();
}

/// What happened, as far as it can be seen at once.
struct Seen {
    Outcome outcome;
    std::string does = {};
};

/// Throws whatever the engine throws besides ProtocolError.
std::optional<Seen> see(Walk& walk, const ByteVector& message) {
    walk.peer.say(message);
    try {
        walk.poll();
    } catch (const ProtocolError& error) {
        if (!ends_with_protocol_error(walk, error)) return std::nullopt;
        return Seen{Outcome::ends};
    }
    std::vector<std::string> done;
    for (const Walk::Happened& event : walk.events) {
        if (std::holds_alternative<PeerDisconnected>(event)) return Seen{Outcome::peer_left};
        done.emplace_back(std::visit(EventName{}, event));
    }
    for (const int number : walk.peer.listen_for_numbers()) {
        if (number == msg::Unimplemented::number) return Seen{Outcome::unimplemented};
        done.push_back(std::to_string(number));
    }
    const Outcome outcome = done.empty() ? Outcome::ignored : Outcome::legal;
    return Seen{outcome, fmt::format("{}", fmt::join(done, " "))};
}

/// Empty, or how it differs from what is expected.
template <class SomeWalk>
std::string difference(SomeWalk& walk, const Row<typename SomeWalk::Stage>& row,
                       const ByteVector& message) {
    const auto seen = see(walk, message);
    if (!seen) return "not ended as it should be: an event, or no disconnect with its reason";
    const auto is = [&](std::initializer_list<Outcome> any) {
        return std::ranges::count(any, seen->outcome) > 0;
    };
    const auto is_sparse_after = [&walk] {
        try {
            walk.go_to(SomeWalk::Stage::over);
            return true;
        } catch (const Error&) {
            return false;
        }
    };
    bool right = false;
    switch (row.outcome) {
        case Outcome::legal:
            right = is({Outcome::legal, Outcome::ignored}) && seen->does == row.does;
            break;
        case Outcome::ignored:
            right = is({Outcome::ignored}) && is_sparse_after();
            break;
        case Outcome::unimplemented:
            right = is({Outcome::unimplemented}) && is_sparse_after();
            break;
        case Outcome::poisons:
            right = is({Outcome::ignored, Outcome::unimplemented}) && !is_sparse_after();
            break;
        case Outcome::unread:
            right = is({Outcome::ignored});
            break;
        case Outcome::ends:
        case Outcome::peer_left:
            right = is({row.outcome});
            break;
    }
    return right ? "" : fmt::format("outcome {}: {}", static_cast<int>(seen->outcome), seen->does);
}

template <class SomeWalk>
void walk_all(const std::vector<Row<typename SomeWalk::Stage>>& rows, const Choice& choice,
              StrictKex strict, typename SomeWalk::Stage last) {
    using Stage = typename SomeWalk::Stage;
    for (int stage = 0; stage <= static_cast<int>(last); ++stage) {
        CAPTURE(stage);
        for (int number = 0; number <= 255; ++number) {
            CAPTURE(number);
            SomeWalk walk{choice, strict};
            walk.go_to(static_cast<Stage>(stage));
            const Row<Stage>& row = expected(rows, walk.stage, number);
            ByteVector message = message_of(number);
            // These must fit the exchange that is going on.
            if (row.outcome == Outcome::legal && (number == 30 || number == 31)) {
                message = walk.peer.ecdh();
            } else if (row.outcome == Outcome::legal && number == 20) {
                const Bytes kexinit = walk.peer.kexinit();
                message.assign(kexinit.begin(), kexinit.end());
            }
            CHECK(difference(walk, row, message) == "");
        }
    }
}

}  // namespace

TEST_CASE("every message to a server in every state, with strict key exchange") {
    walk_all<ServerWalk>(server_rows, {}, StrictKex::yes, S::rekey_by_us);
}

TEST_CASE("every message to a client in every state, with strict key exchange") {
    walk_all<ClientWalk>(client_rows, {}, StrictKex::yes, C::rekey_by_us);
}

TEST_CASE("every message in the first key exchange, not strict") {
    const Choice aes{.cipher = aes256_gcm};
    if (std::ranges::count(default_ciphers(), aes.cipher) == 0) return;
    auto rows = without_strict_kex(server_rows, S::before_new_keys, S::deciding);
    // No EXT_INFO: this peer asks for none.
    rows.push_back({S::before_init, S::before_init, 30, 30, Outcome::legal, "31 21"});
    walk_all<ServerWalk>(rows, aes, StrictKex::no, S::after_new_keys);
    walk_all<ClientWalk>(without_strict_kex(client_rows, C::before_new_keys, C::deciding), aes,
                         StrictKex::no, C::after_new_keys);
}
