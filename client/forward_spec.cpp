#include "client/forward_spec.hpp"

#include <algorithm>
#include <vector>

#include <fmt/format.h>

#include "common/base/characters.hpp"
#include "common/base/error.hpp"
#include "common/base/escape.hpp"
#include "common/base/host_name.hpp"
#include "common/base/number.hpp"
#include "common/config/international_name.hpp"

namespace culvert {
namespace {

constexpr std::string_view forward_form =
    "[bind:]port:host:hostport, as in 12345:pop3.example.com:110";
constexpr std::string_view listen_form = "[bind:]port, as in 12345 or 127.0.0.1:12345";
constexpr std::string_view target_form = "host:port, as in pop3.example.com:110 or [::1]:110";

/// A DNS name has at most 253 characters; OpenSSH's limit, too.
constexpr std::size_t longest_host = 255;

/// The text being read, for its errors.
struct Spec {
    std::string_view text;
    std::string_view form;

    [[noreturn]] void fail(std::string_view why) const {
        throw Error{ErrorKind::usage,
                    fmt::format("'{}': {}; the form is {}", escaped(text), why, form)};
    }
};

/// The parts between ':', brackets taken off.
struct Part {
    std::string text;
    bool bracketed = false;
};

std::vector<Part> split(const Spec& spec) {
    if (spec.text.empty()) spec.fail("empty");
    std::vector<Part> parts;
    std::string_view rest = spec.text;
    for (;;) {
        Part part;
        std::size_t end = 0;
        if (rest.starts_with('[')) {
            const std::size_t close = rest.find(']');
            if (close == std::string_view::npos) spec.fail("'[' without its ']'");
            part.text = rest.substr(1, close - 1);
            part.bracketed = true;
            end = close + 1;
            if (end < rest.size() && rest[end] != ':') {
                spec.fail("']' is not followed by ':'");
            }
        } else {
            end = std::min(rest.find(':'), rest.size());
            part.text = rest.substr(0, end);
        }
        parts.push_back(std::move(part));
        if (end == rest.size()) return parts;
        rest.remove_prefix(end + 1);
    }
}

void refuse_socket_path(const Spec& spec) {
    bool bracketed = false;
    bool has_colon = false;
    bool has_slash = false;
    for (const char c : spec.text) {
        if (c == '[' || c == ']') bracketed = c == '[';
        has_colon = has_colon || (c == ':' && !bracketed);
        has_slash = has_slash || c == '/';
    }
    if (spec.text.starts_with('/') || (has_colon && has_slash)) {
        spec.fail("a path of a unix socket, and culvert forwards only TCP");
    }
}

/// The host, in ASCII.
std::string read_host(const Spec& spec, std::string_view what, const Part& part) {
    std::string host = part.text;
    if (host.empty()) spec.fail(fmt::format("the {} is empty", what));
    if (host.size() > longest_host) spec.fail(fmt::format("the {} is too long", what));
    if (has_blank_or_control(host)) {
        spec.fail(fmt::format("the {} has a blank or a control character in it", what));
    }
    try {
        host = ascii_host(host);
    } catch (const Error& error) {
        throw with_context(fmt::format("'{}'", escaped(spec.text)), error);
    }
    if (host.starts_with('-')) spec.fail(fmt::format("the {} begins with '-'", what));
    if (host == "*") spec.fail(fmt::format("the {} '*' is not a host name", what));
    // Brackets may hold a name as well: OpenSSH takes them off whatever they hold.
    if (host.find(':') != std::string::npos && !is_ipv6_literal(host)) {
        spec.fail(fmt::format("[{}] is not an IPv6 address", escaped(host)));
    }
    return host;
}

/// `8080:80` names two ports, where a host and a port are wanted.
void refuse_port_as_host(const Spec& spec, const Part& host) {
    if (!parse_number<std::uint16_t>(host.text)) return;
    spec.fail(fmt::format("'{}' is a port where a host or an address is expected", host.text));
}

std::uint16_t read_port(const Spec& spec, std::string_view what, const Part& part,
                        unsigned lowest) {
    const auto port = part.bracketed ? std::nullopt : parse_port(part.text);
    if (!port || *port < lowest) {
        spec.fail(
            fmt::format("the {} '{}' is neither a number from {} to 65535 nor the name of a "
                        "TCP service",
                        what, escaped(part.text), lowest));
    }
    return *port;
}

std::string read_bind(const Spec& spec, const Part& part) {
    if (part.text.empty() || part.text == "*") return "*";
    std::string bind = read_host(spec, "bind address", part);
    if (const auto why = zone_missing(bind)) spec.fail(*why);
    return bind;
}

Endpoint read_endpoint(const Spec& spec, const Part& host, const Part& port) {
    return {read_host(spec, "target host", host), read_port(spec, "target port", port, 1)};
}

}  // namespace

LocalForward parse_local_forward(std::string_view text) {
    const Spec spec{text, forward_form};
    refuse_socket_path(spec);
    const std::vector<Part> parts = split(spec);
    if (parts.size() < 3) spec.fail("parts are missing");
    if (parts.size() > 4) spec.fail("too many parts (an IPv6 address goes in brackets)");
    const bool bound = parts.size() == 4;
    LocalForward forward;
    if (bound) forward.bind = read_bind(spec, parts[0]);
    const std::size_t next = bound ? 1 : 0;
    forward.port = read_port(spec, "local port", parts[next], 0);
    forward.target = read_endpoint(spec, parts[next + 1], parts[next + 2]);
    return forward;
}

ListenSpec parse_listen_spec(std::string_view text) {
    const Spec spec{text, listen_form};
    refuse_socket_path(spec);
    const std::vector<Part> parts = split(spec);
    if (parts.size() > 2) spec.fail("too many parts (an IPv6 address goes in brackets)");
    ListenSpec listen;
    if (parts.size() == 2) {
        refuse_port_as_host(spec, parts[0]);
        listen.bind = read_bind(spec, parts[0]);
    }
    listen.port = read_port(spec, "local port", parts.back(), 0);
    return listen;
}

std::string bind_or_default(const std::string& bind, bool gateway_ports) {
    if (bind == "localhost") return {};
    return bind.empty() && gateway_ports ? "*" : bind;
}

Endpoint parse_target(std::string_view text) {
    const Spec spec{text, target_form};
    refuse_socket_path(spec);
    const std::vector<Part> parts = split(spec);
    if (parts.size() < 2) spec.fail("the port is missing");
    if (parts.size() > 2) spec.fail("too many parts (an IPv6 address goes in brackets)");
    refuse_port_as_host(spec, parts[0]);
    return read_endpoint(spec, parts[0], parts[1]);
}

std::string ready_line(const Endpoint& bound, const Forward& forward) {
    return fmt::format("forwarding {} -> {}", to_string(bound), leads_to(forward));
}

}  // namespace culvert
