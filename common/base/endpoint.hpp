#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace culvert {

/// A host (name or address, no brackets) and a TCP port.
struct Endpoint {
    std::string host;
    std::uint16_t port = 0;

    friend bool operator==(const Endpoint&, const Endpoint&) = default;
};

/// `host:port`, with brackets around an IPv6 address.
std::string to_string(const Endpoint& endpoint);

/// A port as a user writes it: a number 0 to 65535 or a TCP name of the services database
/// (`pop3`). Empty for anything else.
std::optional<std::uint16_t> parse_port(std::string_view text);

}  // namespace culvert
