#pragma once

#include <string>
#include <string_view>

#include "client/settings.hpp"

namespace culvert {

/// Reads what stands after -L, in each of OpenSSH's spellings: `port:host:hostport`,
/// `bind:port:host:hostport`, IPv6 addresses in brackets; an empty bind or `*` is every address.
/// Ports may be names. The bind is given back as it is written, and empty where there is none.
/// Throws Error{usage} that says which part is wrong.
LocalForward parse_local_forward(std::string_view text);

/// Where a forward listens; `bind` is as written.
struct ListenSpec {
    std::string bind;
    std::uint16_t port = 0;

    friend bool operator==(const ListenSpec&, const ListenSpec&) = default;
};

/// Reads `[bind:]port`, the `local` of culvert.yaml. Throws as above.
ListenSpec parse_listen_spec(std::string_view text);

/// What LocalForward::bind becomes: where none was written (`bind` empty) loopback, or with -g
/// every address; a written `localhost` is loopback.
std::string bind_or_default(const std::string& bind, bool gateway_ports);

/// Reads `host:port` with an IPv6 host in brackets, the `to` of culvert.yaml. Throws as above.
Endpoint parse_target(std::string_view text);

/// `forwarding 127.0.0.1:12345 -> pop3.example.com:110`: the ready line of one bound address
/// (docs/contract.md). `bound` is a numeric address.
std::string ready_line(const Endpoint& bound, const Forward& forward);

}  // namespace culvert
