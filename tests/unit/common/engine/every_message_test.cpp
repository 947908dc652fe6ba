// Each message number in each state of a connection, in each role: design 9 ("protocol violations
// are ended, not tolerated"), attacks 1 to 5.
#include <doctest/doctest.h>

#include <fmt/format.h>

#include "tests/unit/common/engine/walks.hpp"

using namespace culvert;
using namespace culvert::test;

namespace {

enum class Outcome {
    legal,          ///< answered, told to the owner, or a step ahead
    ignored,        ///< nothing happens, and the connection goes on as if it hadn't been there
    unimplemented,  ///< SSH_MSG_UNIMPLEMENTED, and the connection goes on
    poisons,        ///< nothing happens, but a strict key exchange finds that it was there
    unread,         ///< not looked at before the owner has decided
    ends,           ///< SSH_MSG_DISCONNECT, PROTOCOL_ERROR
    peer_left,
};

/// Of these stages and message numbers, both ends included. The last row that fits counts.
template <class Stage>
struct Row {
    Stage from, to;
    int first, last;
    Outcome outcome;
    std::string_view does = {};  ///< what is legal: the events, then the answers
};

using S = ServerWalk::Stage;
using C = ClientWalk::Stage;

const std::vector<Row<S>> server_rows{
    {S::before_kexinit, S::over, 0, 255, Outcome::ends},

    // ---- the first key exchange, strict: nothing but what it needs
    {S::before_kexinit, S::before_kexinit, 0, 0, Outcome::poisons},
    {S::before_kexinit, S::before_kexinit, 2, 4, Outcome::poisons},
    {S::before_kexinit, S::before_kexinit, 8, 19, Outcome::poisons},
    {S::before_kexinit, S::before_kexinit, 192, 255, Outcome::poisons},
    {S::before_kexinit, S::before_kexinit, 20, 20, Outcome::legal},
    {S::before_init, S::before_init, 30, 30, Outcome::legal, "31 21 7"},
    {S::before_new_keys, S::before_new_keys, 21, 21, Outcome::legal},

    // ---- from then on: what nobody has assigned, or we don't know
    {S::after_new_keys, S::over, 0, 0, Outcome::unimplemented},
    {S::after_new_keys, S::over, 8, 19, Outcome::unimplemented},
    {S::after_new_keys, S::over, 22, 29, Outcome::unimplemented},
    {S::after_new_keys, S::over, 32, 49, Outcome::unimplemented},
    {S::after_new_keys, S::over, 54, 59, Outcome::unimplemented},
    {S::after_new_keys, S::over, 61, 79, Outcome::unimplemented},
    {S::after_new_keys, S::over, 128, 191, Outcome::unimplemented},
    {S::after_new_keys, S::over, 194, 255, Outcome::unimplemented},
    {S::after_new_keys, S::over, 2, 4, Outcome::ignored},
    {S::after_new_keys, S::over, 192, 193, Outcome::ignored},

    // ---- authentication
    {S::after_new_keys, S::after_new_keys, 7, 7, Outcome::legal},
    {S::after_new_keys, S::before_service, 5, 5, Outcome::legal, "6"},
    {S::before_request, S::key_refused, 50, 50, Outcome::legal, "51"},
    {S::deciding, S::deciding, 0, 255, Outcome::unread},

    // ---- the connection protocol
    {S::authenticated, S::over, 20, 20, Outcome::legal, "20"},
    {S::authenticated, S::over, 50, 50, Outcome::ignored},
    {S::authenticated, S::over, 80, 80, Outcome::legal, "82"},
    {S::authenticated, S::over, 83, 89, Outcome::unimplemented},
    {S::authenticated, S::over, 90, 90, Outcome::legal, "ChannelRequested"},
    {S::authenticated, S::over, 101, 127, Outcome::unimplemented},
    {S::authenticated, S::over, 192, 192, Outcome::legal, "193"},
    {S::channel_open, S::over, 93, 93, Outcome::legal},
    {S::channel_open, S::over, 94, 94, Outcome::legal, "ChannelDataReceived"},
    {S::channel_open, S::over, 95, 95, Outcome::legal},
    {S::channel_open, S::over, 96, 96, Outcome::legal, "ChannelEofReceived"},
    {S::channel_open, S::over, 97, 97, Outcome::legal, "ChannelClosed 97"},
    {S::channel_open, S::over, 98, 98, Outcome::legal, "100"},

    // ---- a later key exchange, from the peer's KEXINIT to its NEWKEYS (RFC 4253 7.1)
    {S::rekey_before_init, S::rekey_before_new_keys, 5, 7, Outcome::ends},
    {S::rekey_before_init, S::rekey_before_new_keys, 20, 191, Outcome::ends},
    {S::rekey_before_init, S::rekey_before_init, 30, 30, Outcome::legal, "31 21"},
    {S::rekey_before_new_keys, S::rekey_before_new_keys, 21, 21, Outcome::legal, "Rekeyed"},
    // A PONG must not be sent during an exchange, and isn't kept for later.
    {S::rekey_before_init, S::rekey_before_init, 192, 192, Outcome::ignored},
    {S::rekey_by_us, S::rekey_by_us, 192, 192, Outcome::ignored},
    // Its KEXINIT is out already, and other answers wait for the end of the exchange.
    {S::rekey_by_us, S::rekey_by_us, 20, 20, Outcome::legal},
    {S::rekey_by_us, S::rekey_by_us, 80, 80, Outcome::legal},
    {S::rekey_by_us, S::rekey_by_us, 97, 97, Outcome::legal, "ChannelClosed"},
    {S::rekey_by_us, S::rekey_by_us, 98, 98, Outcome::legal},

    {S::before_kexinit, S::over, 1, 1, Outcome::peer_left},
    {S::deciding, S::deciding, 1, 1, Outcome::unread},
};

const std::vector<Row<C>> client_rows{
    {C::before_kexinit, C::over, 0, 255, Outcome::ends},

    // ---- the first key exchange, strict: nothing but what it needs
    {C::before_kexinit, C::before_kexinit, 0, 0, Outcome::poisons},
    {C::before_kexinit, C::before_kexinit, 2, 4, Outcome::poisons},
    {C::before_kexinit, C::before_kexinit, 8, 19, Outcome::poisons},
    {C::before_kexinit, C::before_kexinit, 192, 255, Outcome::poisons},
    {C::before_kexinit, C::before_kexinit, 20, 20, Outcome::legal},
    {C::before_reply, C::before_reply, 31, 31, Outcome::legal, "HostKeyOffered"},
    {C::before_new_keys, C::before_new_keys, 21, 21, Outcome::legal},

    // ---- from then on: what nobody has assigned, or we don't know
    {C::after_new_keys, C::over, 0, 0, Outcome::unimplemented},
    {C::after_new_keys, C::over, 8, 19, Outcome::unimplemented},
    {C::after_new_keys, C::over, 22, 29, Outcome::unimplemented},
    {C::after_new_keys, C::over, 32, 49, Outcome::unimplemented},
    {C::after_new_keys, C::over, 54, 59, Outcome::unimplemented},
    {C::after_new_keys, C::over, 61, 79, Outcome::unimplemented},
    {C::after_new_keys, C::over, 128, 191, Outcome::unimplemented},
    {C::after_new_keys, C::over, 194, 255, Outcome::unimplemented},
    {C::after_new_keys, C::over, 2, 4, Outcome::ignored},
    {C::after_new_keys, C::over, 192, 193, Outcome::ignored},

    // ---- authentication
    {C::after_new_keys, C::requested, 7, 7, Outcome::legal},
    {C::after_new_keys, C::before_service, 6, 6, Outcome::legal},
    {C::asked, C::requested, 51, 51, Outcome::legal, "SignatureWanted"},
    {C::asked, C::requested, 53, 53, Outcome::legal, "BannerReceived"},
    {C::asked, C::asked, 60, 60, Outcome::legal, "SignatureWanted"},
    {C::requested, C::requested, 52, 52, Outcome::legal, "Authenticated"},

    // ---- the connection protocol
    {C::authenticated, C::over, 20, 20, Outcome::legal, "20 30"},
    {C::authenticated, C::over, 80, 80, Outcome::legal, "82"},
    {C::authenticated, C::over, 83, 89, Outcome::unimplemented},
    {C::authenticated, C::over, 90, 90, Outcome::legal, "RequestDenied 92"},
    {C::authenticated, C::over, 101, 127, Outcome::unimplemented},
    {C::authenticated, C::over, 192, 192, Outcome::legal, "193"},
    {C::opening, C::opening, 91, 91, Outcome::legal, "ChannelOpened"},
    {C::opening, C::opening, 92, 92, Outcome::legal, "ChannelRefused"},
    {C::channel_open, C::over, 93, 93, Outcome::legal},
    {C::channel_open, C::over, 94, 94, Outcome::legal, "ChannelDataReceived"},
    {C::channel_open, C::over, 95, 95, Outcome::legal},
    {C::channel_open, C::over, 96, 96, Outcome::legal, "ChannelEofReceived"},
    {C::channel_open, C::over, 97, 97, Outcome::legal, "ChannelClosed 97"},
    {C::channel_open, C::over, 98, 98, Outcome::legal, "100"},

    // ---- a later key exchange, from the peer's KEXINIT to its NEWKEYS (RFC 4253 7.1)
    {C::rekey_before_reply, C::rekey_before_new_keys, 5, 7, Outcome::ends},
    {C::rekey_before_reply, C::rekey_before_new_keys, 20, 191, Outcome::ends},
    {C::rekey_before_reply, C::rekey_before_reply, 31, 31, Outcome::legal, "21"},
    {C::rekey_before_new_keys, C::rekey_before_new_keys, 21, 21, Outcome::legal, "Rekeyed"},
    // A PONG must not be sent during an exchange, and isn't kept for later.
    {C::rekey_before_reply, C::rekey_before_reply, 192, 192, Outcome::ignored},
    {C::rekey_by_us, C::rekey_by_us, 192, 192, Outcome::ignored},
    // Its KEXINIT is out already, and other answers wait for the end of the exchange.
    {C::rekey_by_us, C::rekey_by_us, 20, 20, Outcome::legal, "30"},
    {C::rekey_by_us, C::rekey_by_us, 80, 80, Outcome::legal},
    {C::rekey_by_us, C::rekey_by_us, 90, 90, Outcome::legal, "RequestDenied"},
    {C::rekey_by_us, C::rekey_by_us, 97, 97, Outcome::legal, "ChannelClosed"},
    {C::rekey_by_us, C::rekey_by_us, 98, 98, Outcome::legal},

    {C::before_kexinit, C::over, 1, 1, Outcome::peer_left},
    {C::deciding, C::deciding, 0, 255, Outcome::unread},
};

/// Without strict KEX the first exchange allows what every other one does.
template <class Stage>
std::vector<Row<Stage>> without_strict_kex(std::vector<Row<Stage>> rows, Stage last_of_exchange,
                                           Stage deciding) {
    const Stage first = Stage::before_kexinit;
    for (const auto& [from, to, outcome] : {std::tuple{0, 0, Outcome::unimplemented},
                                            {2, 4, Outcome::ignored},
                                            {8, 19, Outcome::unimplemented},
                                            {192, 193, Outcome::ignored},
                                            {194, 255, Outcome::unimplemented}}) {
        rows.push_back({first, last_of_exchange, from, to, outcome});
    }
    rows.push_back({deciding, deciding, 0, 255, Outcome::unread});
    return rows;
}

template <class Stage>
const Row<Stage>& expected(const std::vector<Row<Stage>>& rows, Stage stage, int number) {
    const auto fits = [&](const Row<Stage>& row) {
        return row.from <= stage && stage <= row.to && row.first <= number && number <= row.last;
    };
    return *std::find_if(rows.rbegin(), rows.rend(), fits);
}

struct EventName {
    std::string_view operator()(const HostKeyOffered&) { return "HostKeyOffered"; }
    std::string_view operator()(const SignatureWanted&) { return "SignatureWanted"; }
    std::string_view operator()(const KeyShown&) { return "KeyShown"; }
    std::string_view operator()(const Authenticated&) { return "Authenticated"; }
    std::string_view operator()(const BannerReceived&) { return "BannerReceived"; }
    std::string_view operator()(const Rekeyed&) { return "Rekeyed"; }
    std::string_view operator()(const TurnOver&) { return "TurnOver"; }
    std::string_view operator()(const PeerDisconnected&) { return "PeerDisconnected"; }
    std::string_view operator()(const ChannelRequested&) { return "ChannelRequested"; }
    std::string_view operator()(const ChannelOpened&) { return "ChannelOpened"; }
    std::string_view operator()(const ChannelRefused&) { return "ChannelRefused"; }
    std::string_view operator()(const ChannelDataReceived&) { return "ChannelDataReceived"; }
    std::string_view operator()(const ChannelEofReceived&) { return "ChannelEofReceived"; }
    std::string_view operator()(const ChannelClosed&) { return "ChannelClosed"; }
    std::string_view operator()(const RequestDenied&) { return "RequestDenied"; }
    std::string_view operator()(const ConnectionEvent& event) { return std::visit(*this, event); }
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
    for (const EngineEvent& event : walk.events) {
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
    const auto goes_on = [&walk] {
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
            right = is({Outcome::ignored}) && goes_on();
            break;
        case Outcome::unimplemented:
            right = is({Outcome::unimplemented}) && goes_on();
            break;
        case Outcome::poisons:
            right = is({Outcome::ignored, Outcome::unimplemented}) && !goes_on();
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
