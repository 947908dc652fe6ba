#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace culvert {

/// The host as ssh writes it before it looks for its key: an address in any spelling that the
/// resolver takes (127.1, 0x7f000001, ::0001, fe80::1%2) as getnameinfo(3) writes it (127.0.0.1,
/// ::1, fe80::1%eth0), a name in lower case. No name is looked up.
std::string canonical_host(std::string_view host);

/// The other names under which known_hosts may have the server that `host`, a canonical one,
/// reaches: with the root's dot and without, without a zone that has no meaning (::1%1), an
/// IPv4-mapped IPv6 address and its IPv4 address, the loopback address that an unspecified one
/// (0.0.0.0, ::) connects to.
std::vector<std::string> equivalent_hosts(std::string_view host);

/// Is it an IPv6 address, with a zone or without, without brackets?
bool is_ipv6_literal(std::string_view host);

/// A link-local IPv6 address that names no interface: "a link-local address needs its interface:
/// fe80::77%eth0". Nothing for any other host.
std::optional<std::string> zone_missing(std::string_view host);

/// An IPv6 address whose zone is no interface of this machine: "no interface nope0". Nothing for
/// any other host.
std::optional<std::string> zone_unknown(std::string_view host);

}  // namespace culvert
