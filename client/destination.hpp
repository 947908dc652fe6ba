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
/// `ssh://[user[;parameters]@]host[:port]`, where the user is %-encoded. The host is as written.
/// Throws Error{usage}.
Destination parse_destination(std::string_view text);

/// Throws Error{usage} for a name that may do harm where it is shown or passed on: empty, beginning
/// with '-', with control characters; in a host's also blanks.
void require_user_name(std::string_view user);
void require_host_name(std::string_view host);

/// The same for a user named on the command line, where ssh takes no character of the shell's
/// either: such a name often comes from untrusted text.
void require_command_line_user(std::string_view user);

/// The host to connect to, and to look up in known_hosts: an address in its canonical form, a name
/// in ASCII and in lower case. Throws Error{usage}, also for a link-local address without its
/// interface.
std::string server_host(std::string_view written);

}  // namespace culvert
