#include "common/auth/authorized_keys_options.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <ctime>

#include <fmt/format.h>

#include "common/base/characters.hpp"
#include "common/base/error.hpp"
#include "common/base/escape.hpp"
#include "common/base/wildcard.hpp"

namespace culvert {
namespace {

/// What culvertd never does, so that allowing or forbidding it changes nothing.
constexpr std::array<std::string_view, 9> flags_without_effect{
    "agent-forwarding",  "no-agent-forwarding", "no-pty", "no-user-rc",
    "no-X11-forwarding", "no-touch-required",   "pty",    "user-rc",
    "X11-forwarding"};
constexpr std::array<std::string_view, 3> settings_without_effect{"command", "environment",
                                                                  "tunnel"};

[[noreturn]] void refuse(const std::string& why) { throw Error{ErrorKind::config, why}; }

bool is_one_of(std::string_view name, std::span<const std::string_view> names) {
    return std::ranges::any_of(names,
                               [&](std::string_view one) { return lower_case(one) == name; });
}

struct Option {
    std::string name;  ///< lower case: sshd disregards it
    std::optional<std::string> value;
};

/// Takes the first option off the list: `name` or `name="value"`, where \" is a quote.
Option take_option(std::string_view& rest) {
    Option option;
    const std::size_t name_end = std::min(rest.find_first_of("=,"), rest.size());
    option.name = lower_case(rest.substr(0, name_end));
    rest.remove_prefix(name_end);
    if (rest.starts_with('=')) {
        rest.remove_prefix(1);
        if (!rest.starts_with('"')) {
            refuse(fmt::format("option {}: the value is not in quotes", escaped(option.name, 64)));
        }
        rest.remove_prefix(1);
        std::string value;
        while (!rest.starts_with('"')) {
            if (rest.empty()) {
                refuse(fmt::format("option {}: a quote without its end", escaped(option.name, 64)));
            }
            if (rest.starts_with("\\\"")) rest.remove_prefix(1);
            value += rest.front();
            rest.remove_prefix(1);
        }
        rest.remove_prefix(1);
        option.value = std::move(value);
    }
    if (rest.empty()) return option;
    if (!rest.starts_with(',') || rest.size() == 1) {
        refuse(fmt::format("option {}: followed by '{}'", escaped(option.name, 64),
                           escaped(rest, 64)));
    }
    rest.remove_prefix(1);
    return option;
}

/// `host:port` or `[v6]:port`, where the port may be `*`; for permitlisten also a bare port.
PermittedTarget parse_target(const Option& option) {
    const std::string_view text = *option.value;
    const auto fail = [&]() {
        refuse(fmt::format("option {}: '{}' is not host:port", option.name, escaped(text, 64)));
    };
    PermittedTarget target;
    std::string_view port = text;
    if (text.starts_with('[')) {
        const std::size_t close = text.find("]:");
        if (close == std::string_view::npos) fail();
        target.host = text.substr(1, close - 1);
        port.remove_prefix(close + 2);
    } else if (const std::size_t colon = text.find(':'); colon != std::string_view::npos) {
        target.host = text.substr(0, colon);
        port.remove_prefix(colon + 1);
    } else if (option.name == "permitlisten") {
        target.host = "*";
    } else {
        fail();
    }
    if (target.host.empty()) fail();
    if (port == "*") return target;
    const auto number = parse_port(port);
    if (!number || *number == 0) fail();
    target.port = number;
    return target;
}

/// sshd's YYYYMMDD, YYYYMMDDHHMM or YYYYMMDDHHMMSS, in the system's time zone, or with a Z in UTC.
std::chrono::system_clock::time_point parse_expiry(std::string_view text) {
    const auto fail = [&]() {
        refuse(fmt::format("option expiry-time: '{}' is not YYYYMMDD[HHMM[SS]][Z]",
                           escaped(text, 64)));
    };
    std::string_view digits = text;
    const bool utc = digits.ends_with('Z') || digits.ends_with('z');
    if (utc) digits.remove_suffix(1);
    const bool whole = digits.find_first_not_of("0123456789") == std::string_view::npos;
    if (!whole || (digits.size() != 8 && digits.size() != 12 && digits.size() != 14)) fail();
    const auto number = [&](std::size_t at, std::size_t length) {
        int value = 0;
        if (at < digits.size()) std::from_chars(&digits[at], &digits[at] + length, value);
        return value;
    };
    std::tm time{};
    time.tm_year = number(0, 4) - 1900;
    time.tm_mon = number(4, 2) - 1;
    time.tm_mday = number(6, 2);
    time.tm_hour = number(8, 2);
    time.tm_min = number(10, 2);
    time.tm_sec = number(12, 2);
    time.tm_isdst = -1;
    const std::tm written = time;
    const std::time_t seconds = utc ? ::timegm(&time) : std::mktime(&time);
    // Both would turn February the 30th into March.
    const bool is_a_date = time.tm_mday == written.tm_mday && time.tm_mon == written.tm_mon &&
                           written.tm_hour < 24 && written.tm_min < 60 && written.tm_sec < 60;
    if (seconds == -1 || !is_a_date) fail();
    // The clock counts nanoseconds, from 1677 to 2262; whoever writes 9999 means never.
    using std::chrono::system_clock;
    constexpr auto first = system_clock::time_point::min();
    constexpr auto never = system_clock::time_point::max();
    if (seconds > system_clock::to_time_t(never)) return never;
    if (seconds < system_clock::to_time_t(first)) return first;
    return std::chrono::system_clock::from_time_t(seconds);
}

struct ListedPattern {
    std::string_view pattern;  ///< without its '!'
    bool negated;
};

std::vector<ListedPattern> split_list(std::string_view list) {
    std::vector<ListedPattern> patterns;
    while (!list.empty()) {
        const std::size_t comma = std::min(list.find(','), list.size());
        const bool negated = list.starts_with('!');
        const std::size_t start = negated ? 1 : 0;
        patterns.push_back({list.substr(start, comma - start), negated});
        list.remove_prefix(std::min(comma + 1, list.size()));
    }
    return patterns;
}

void apply(const Option& option, AuthorizedKey& key) {
    const std::string& name = option.name;
    KeyPermissions& permissions = key.permissions;
    const bool takes_value = name == "permitopen" || name == "permitlisten" || name == "from" ||
                             name == "expiry-time" || is_one_of(name, settings_without_effect);
    if (takes_value != option.value.has_value()) {
        // Known flags with a value fall through to the unknown ones: neither means anything.
        if (takes_value) refuse(fmt::format("option {}: the value is missing", name));
    } else if (name == "restrict" || name == "no-port-forwarding") {
        permissions.port_forwarding = false;
        return;
    } else if (name == "port-forwarding") {
        permissions.port_forwarding = true;
        return;
    } else if (name == "permitopen") {
        permissions.permit_open.push_back(parse_target(option));
        return;
    } else if (name == "permitlisten") {
        permissions.permit_listen.push_back(parse_target(option));
        return;
    } else if (name == "from") {
        if (key.from) refuse("option from: there twice");
        for (const ListedPattern& one : split_list(*option.value)) {
            const bool network = one.pattern.find('/') != std::string_view::npos;
            if (network && !IpNetwork::parse(one.pattern)) {
                refuse(fmt::format("option from: '{}' is not a network", escaped(one.pattern, 64)));
            }
        }
        key.from = option.value;
        return;
    } else if (name == "expiry-time") {
        // Of several the earliest counts.
        const auto expires = parse_expiry(*option.value);
        key.expires = std::min(key.expires.value_or(expires), expires);
        return;
    } else if (name == "cert-authority") {
        refuse("a cert-authority line: certificates are not user keys, and not supported");
    } else if (is_one_of(name, flags_without_effect) || is_one_of(name, settings_without_effect)) {
        return;
    }
    refuse(fmt::format("unknown option {}, which may be a restriction", escaped(name, 64)));
}

}  // namespace

void apply_key_options(std::string_view options, AuthorizedKey& key) {
    try {
        while (!options.empty()) apply(take_option(options), key);
    } catch (const Error& error) {
        key.refused = error.what();
    }
}

bool from_list_matches(std::string_view list, const IpAddress& peer) {
    const std::string peer_text = to_string(peer);
    bool matched = false;
    for (const auto& [pattern, negated] : split_list(list)) {
        const auto network = IpNetwork::parse(pattern);
        const bool matches =
            network ? network->contains(peer) : wildcard_match(lower_case(pattern), peer_text);
        if (matches && negated) return false;
        matched = matched || matches;
    }
    return matched;
}

}  // namespace culvert
