#include "server/policy.hpp"

#include <arpa/inet.h>

#include <algorithm>

#include <fmt/format.h>

#include "common/base/characters.hpp"
#include "common/base/endpoint.hpp"
#include "common/base/error.hpp"
#include "common/base/escape.hpp"
#include "common/base/host_syntax.hpp"
#include "common/base/wildcard.hpp"

namespace culvert {
namespace {

/// `localhost.` and `LOCALHOST` are the same host as `localhost`.
std::string plain_name(std::string_view host) {
    if (host.ends_with('.')) host.remove_suffix(1);
    return lower_case(host);
}

/// Does the resolver take it for an address, and not for a name? It does so for inet_aton's
/// spellings (127.1, 0x7f000001, 2130706433) and for a scope (fe80::1%eth0) as well.
bool is_address(std::string_view host) {
    if (host.find_first_of(":%") != std::string_view::npos) return true;
    in_addr ignored{};
    return ::inet_aton(std::string{host}.c_str(), &ignored) != 0;
}

/// Addresses that a name pattern never reaches: the machine itself and its own link, where services
/// trust whoever can connect.
bool is_special(const IpAddress& address) {
    return address.is_loopback() || address.is_link_local() || address.is_unspecified() ||
           address.is_multicast();
}

[[noreturn]] void fail(std::string_view rule, std::string_view why) {
    throw Error{ErrorKind::config,
                fmt::format("'{}': {}; the form is host:port, as in pop3.example.com:110, "
                            "10.0.0.0/8:*, [2001:db8::]/32:443, *.example.com:80 or *:*",
                            escaped(rule), why)};
}

/// The rule's host as written, and its port; brackets and what stands behind them stay.
std::pair<std::string_view, std::string_view> split_rule(std::string_view text) {
    const std::size_t colon = text.rfind(':');
    if (colon == std::string_view::npos || text.ends_with(']')) fail(text, "the port is missing");
    return {text.substr(0, colon), text.substr(colon + 1)};
}

/// `[v6]`, `[v6]/prefix` and `[v6/prefix]` without the brackets.
std::string without_brackets(std::string_view rule, std::string_view host) {
    const std::size_t close = host.find(']');
    if (close == std::string_view::npos) fail(rule, "'[' without its ']'");
    const std::string_view behind = host.substr(close + 1);
    if (!behind.empty() && !behind.starts_with('/')) fail(rule, "']' is not followed by ':'");
    return fmt::format("{}{}", host.substr(1, close - 1), behind);
}

}  // namespace

OpenRule OpenRule::parse(std::string_view text) {
    const auto [host, port] = split_rule(text);
    OpenRule rule;
    rule.text_ = text;
    if (port != "*") {
        rule.port_ = parse_port(port);
        if (!rule.port_ || *rule.port_ == 0)
            fail(text, "the port is neither a number, nor the name of a TCP service, nor *");
    }
    if (host == "*") return rule;

    const bool bracketed = host.starts_with('[');
    const std::string address = bracketed ? without_brackets(text, host) : std::string{host};
    if (!bracketed && host.find(':') != std::string_view::npos) {
        fail(text, "an IPv6 address goes in brackets");
    }
    if (bracketed || host.find('/') != std::string_view::npos || is_address(host)) {
        rule.kind_ = Host::network;
        rule.network_ = IpNetwork::parse(address);
        if (!rule.network_) {
            fail(text,
                 fmt::format("'{}' is neither an address nor a network (an address with no bits "
                             "set after its prefix)",
                             escaped(address, 64)));
        }
        return rule;
    }
    if (const auto why = why_no_host_pattern(host)) fail(text, *why);
    if (host.find_first_not_of("0123456789.*?") == std::string_view::npos) {
        fail(text, "addresses take a prefix, as in 10.0.0.0/8, and no wildcards");
    }
    const bool pattern = host.find_first_of("*?") != std::string_view::npos;
    rule.kind_ = pattern ? Host::name_pattern : Host::name;
    rule.name_ = plain_name(host);
    return rule;
}

bool OpenRule::may_allow(std::string_view host, std::uint32_t port) const {
    if (port_ && *port_ != port) return false;
    switch (kind_) {
        case Host::any:
            return true;
        case Host::network: {
            // A name may resolve into it; an address in plain spelling already says whether.
            const auto address = IpAddress::parse(host);
            return !address || network_->contains(*address);
        }
        case Host::name:
            return !is_address(host) && plain_name(host) == name_;
        case Host::name_pattern:
            return !is_address(host) && wildcard_match(name_, plain_name(host));
    }
    return false;
}

bool OpenRule::allows(std::string_view host, std::uint32_t port, const IpAddress& resolved) const {
    if (!may_allow(host, port)) return false;
    switch (kind_) {
        case Host::any:
        case Host::name:
            return true;
        case Host::network:
            return network_->contains(resolved);
        case Host::name_pattern:
            return !is_special(resolved);
    }
    return false;
}

std::optional<std::string> why_no_target(const OpenRequest& request) {
    // RFC 4254 7.2 gives the port 32 bits; cut to 16 it would be another one.
    if (request.port == 0 || request.port > 65'535) {
        return fmt::format("{} is not a TCP port", request.port);
    }
    return why_no_host_name(request.host);
}

std::optional<std::string> why_denied(const KeyPermissions& key,
                                      std::span<const OpenRule> user_rules,
                                      const OpenRequest& request) {
    const auto& [host, port] = request;
    if (auto why = why_no_target(request)) return why;
    if (!key.port_forwarding) return "the key may not forward (restrict or no-port-forwarding)";
    const auto key_allows = [&](const PermittedTarget& target) {
        return target.allows(host, port);
    };
    if (!key.permit_open.empty() && std::ranges::none_of(key.permit_open, key_allows)) {
        return "not in the key's permitopen";
    }
    const auto may_allow = [&](const OpenRule& rule) { return rule.may_allow(host, port); };
    if (std::ranges::none_of(user_rules, may_allow)) return "not in the user's permit_open";
    return std::nullopt;
}

std::optional<std::string> why_denied(const KeyPermissions& key,
                                      std::span<const OpenRule> user_rules,
                                      const OpenRequest& request, const IpAddress& resolved) {
    if (auto reason = why_denied(key, user_rules, request)) return reason;
    const auto allows = [&](const OpenRule& rule) {
        return rule.allows(request.host, request.port, resolved);
    };
    if (std::ranges::any_of(user_rules, allows)) return std::nullopt;
    const auto may_allow = [&](const OpenRule& rule) {
        return rule.may_allow(request.host, request.port);
    };
    const auto nearest_rule = std::ranges::find_if(user_rules, may_allow);
    if (is_special(resolved)) {
        return fmt::format(
            "permit_open '{}' doesn't reach {}, a loopback, link-local, "
            "unspecified or multicast address",
            nearest_rule->text(), to_string(resolved));
    }
    return fmt::format("permit_open '{}' doesn't hold {}", nearest_rule->text(),
                       to_string(resolved));
}

}  // namespace culvert
