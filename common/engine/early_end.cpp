#include "common/engine/early_end.hpp"

#include <string>
#include <string_view>

#include <fmt/format.h>

namespace culvert {
namespace {

/// What we took the peer for.
std::string_view name_of_peer(Role us) { return us == Role::client ? "server" : "client"; }

std::string how_it_left(const Transport& transport, Role us, bool authenticated,
                        std::string_view did) {
    if (authenticated) return fmt::format("the peer {} the connection", did);
    if (transport.peer_version()) {
        return fmt::format("the peer {} the connection during {}", did,
                           transport.keys_sent() ? "authentication" : "key exchange");
    }
    const std::string said = transport.said_before_version();
    if (transport.told_to_try_later()) {
        return fmt::format("the server takes no more connections for now: it said \"{}\"", said);
    }
    if (!said.empty()) {
        return fmt::format("the peer is not an SSH {}: it said \"{}\" and {} the connection",
                           name_of_peer(us), said, did);
    }
    if (us == Role::server) {
        return fmt::format("the client {} the connection before it said anything", did);
    }
    return fmt::format(
        "the connection was {} before the server said anything: a firewall or proxy in "
        "between, a server that is full (MaxStartups), or no SSH server",
        did);
}

std::string what_is_missing(const Transport& transport, Role us, const LoginClock& clock) {
    if (clock.key_taken()) return "no authentication with the key that was taken";
    if (transport.awaits_host_signature()) return "no signature of the host key";
    if (transport.peer_version()) {
        return transport.keys_sent() ? "no authentication" : "no end of the key exchange";
    }
    const std::string said = transport.said_before_version();
    if (said.empty()) return fmt::format("the {} said nothing", name_of_peer(us));
    return fmt::format("the peer is not an SSH {}: it said \"{}\" and no SSH version",
                       name_of_peer(us), said);
}

}  // namespace

Error peer_gone(const Transport& transport, Role us, bool authenticated, Gone how) {
    return Error{ErrorKind::network, how_it_left(transport, us, authenticated,
                                                 how == Gone::closed ? "closed" : "reset")};
}

ProtocolError login_too_slow(const Transport& transport, Role us, const LoginClock& clock) {
    return ProtocolError{
        fmt::format("{} within {} s", what_is_missing(transport, us, clock), clock.limit().count()),
        DisconnectReason::by_application};
}

}  // namespace culvert
