#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace culvert {

/// The server as a user names it.
struct Destination {
    std::string user;  ///< empty if none is named
    std::string host;  ///< without brackets
    std::optional<std::uint16_t> port;

    friend bool operator==(const Destination&, const Destination&) = default;
};

/// Reads `[user@]host[:port]` with an IPv6 address in brackets (bare ones take no port), or
/// `ssh://[user[;parameters]@]host[:port]`, where the user is %-encoded. Throws Error{usage}.
Destination parse_destination(std::string_view text);

/// Throws Error{usage} for a user or host name that no server has and that may do harm where it is
/// shown or passed on: empty, beginning with '-', with blanks or control characters.
void require_user_name(std::string_view user);
void require_host_name(std::string_view host);

}  // namespace culvert
