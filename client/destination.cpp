#include "client/destination.hpp"

#include <fmt/format.h>

#include "common/base/characters.hpp"
#include "common/base/endpoint.hpp"
#include "common/base/error.hpp"
#include "common/base/escape.hpp"
#include "common/base/host_name.hpp"
#include "common/base/number.hpp"
#include "common/config/international_name.hpp"

namespace culvert {
namespace {

[[noreturn]] void fail(std::string_view text, std::string_view why) {
    throw Error{ErrorKind::usage,
                fmt::format("'{}': {}; the form is [user@]host[:port]", escaped(text), why)};
}

[[noreturn]] void fail_name(std::string_view what, std::string_view name, std::string_view why) {
    throw Error{ErrorKind::usage, fmt::format("the {} '{}' {}", what, escaped(name, 64), why)};
}

constexpr std::string_view user_name = "user name";
constexpr std::string_view host_name = "host name";

void require_name(std::string_view what, std::string_view name) {
    constexpr std::size_t longest = 255;
    if (name.empty()) throw Error{ErrorKind::usage, fmt::format("the {} is empty", what)};
    if (name.starts_with('-')) fail_name(what, name, "begins with '-'");
    if (name.size() > longest) fail_name(what, name, "is too long");
    if (has_control(name)) fail_name(what, name, "has a control character in it");
}

std::uint16_t read_port(std::string_view whole, std::string_view text) {
    const auto port = parse_port(text);
    if (!port || *port == 0) {
        fail(whole, fmt::format("the port '{}' is neither a number from 1 to 65535 nor the name "
                                "of a TCP service",
                                escaped(text, 64)));
    }
    return *port;
}

/// As ssh does: %XX is a character, and '+' a blank.
std::string percent_decoded(std::string_view whole, std::string_view text) {
    std::string decoded;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '%') {
            decoded += text[i] == '+' ? ' ' : text[i];
            continue;
        }
        const std::string_view digits = text.substr(i + 1, 2);
        const auto value =
            digits.size() == 2 ? parse_number<std::uint8_t>(digits, 16) : std::nullopt;
        if (!value) fail(whole, "a '%' without two hexadecimal digits after it");
        decoded += static_cast<char>(*value);
        i += 2;
    }
    return decoded;
}

/// What stands before the '@' of an ssh:// address: the user, and behind a ';' parameters that ssh
/// ignores.
std::string uri_user(std::string_view whole, std::string_view text) {
    if (text.find('@') != std::string_view::npos) {
        fail(whole, "an '@' in a user name is written %40");
    }
    return percent_decoded(whole, text.substr(0, text.find(';')));
}

}  // namespace

void require_user_name(std::string_view user) { require_name(user_name, user); }

void require_command_line_user(std::string_view user) {
    require_user_name(user);
    const std::size_t special = user.find_first_of("'`\";&<>|(){}");
    if (special != std::string_view::npos) {
        throw Error{
            ErrorKind::usage,
            fmt::format("the user name '{}' has a {} in it, which is not taken on a "
                        "command line",
                        escaped(user, 64), user[special]),
            Hint{"if that is the name, write it into culvert.yaml, as the user of the server"}};
    }
    if (user.find(" -") != std::string_view::npos) {
        fail_name(user_name, user, "has a '-' after a blank");
    }
    if (user.ends_with('\\')) fail_name(user_name, user, "ends in a backslash");
}

void require_host_name(std::string_view host) {
    require_name(host_name, host);
    if (host.starts_with(' ') || host.ends_with(' ')) {
        fail_name(host_name, host, "begins or ends with a blank");
    }
    if (host.find(' ') != std::string_view::npos) fail_name(host_name, host, "has a blank in it");
}

std::string server_host(std::string_view written) {
    require_host_name(written);
    std::string host = canonical_host(ascii_host(written));
    if (const auto why = zone_missing(host)) {
        throw Error{ErrorKind::usage, fmt::format("'{}': {}", escaped(written, 64), *why)};
    }
    return host;
}

Destination parse_destination(std::string_view text) {
    std::string_view rest = text;
    const bool is_uri = rest.starts_with("ssh://");
    if (is_uri) {
        rest.remove_prefix(6);
        if (rest.ends_with('/')) rest.remove_suffix(1);
        if (rest.find('/') != std::string_view::npos) fail(text, "an ssh:// address has no path");
    } else if (rest.find("://") != std::string_view::npos) {
        fail(text, "only ssh:// is understood");
    }

    Destination destination;
    // A user name may have an '@' in it (user@domain@host); a host can't.
    if (const std::size_t at = rest.rfind('@'); at != std::string_view::npos) {
        const std::string_view user = rest.substr(0, at);
        destination.user = is_uri ? uri_user(text, user) : std::string{user};
        require_user_name(destination.user);
        rest.remove_prefix(at + 1);
    }
    if (rest.starts_with('[')) {
        const std::size_t close = rest.find(']');
        if (close == std::string_view::npos) fail(text, "'[' without its ']'");
        destination.host = rest.substr(1, close - 1);
        // RFC 6874 2: in a URI the '%' ahead of a zone is %-encoded.
        const std::size_t zone = destination.host.find("%25");
        if (is_uri && zone != std::string::npos) destination.host.erase(zone + 1, 2);
        if (!is_ipv6_literal(destination.host)) {
            fail(text, fmt::format("[{}] is not an IPv6 address", escaped(destination.host, 64)));
        }
        (void)server_host(destination.host);
        rest.remove_prefix(close + 1);
        if (rest.empty()) return destination;
        if (!rest.starts_with(':')) fail(text, "']' is not followed by ':'");
        destination.port = read_port(text, rest.substr(1));
        return destination;
    }
    if (is_ipv6_literal(rest)) {
        destination.host = rest;
        (void)server_host(destination.host);
        return destination;
    }
    const std::size_t colon = rest.find(':');
    destination.host = rest.substr(0, colon);
    (void)server_host(destination.host);
    if (is_uri && destination.host.find('%') != std::string::npos) {
        fail(text, "a '%' in the host's name");
    }
    if (colon != std::string_view::npos) destination.port = read_port(text, rest.substr(colon + 1));
    return destination;
}

}  // namespace culvert
