#include "client/ssh_settings.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <string_view>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "client/engine_config.hpp"
#include "common/base/escape.hpp"
#include "common/base/utf8.hpp"

namespace culvert {
namespace {

/// As it is, which ssh prints too, but for what could harm a terminal.
std::string printable(std::string_view value) {
    std::string text;
    while (!value.empty()) {
        const bool is_plain = value.front() >= ' ' && value.front() <= '~';
        const std::size_t length = is_plain ? 1 : shown_utf8_length(value);
        text += length > 0 ? std::string{value.substr(0, length)} : escaped(value.substr(0, 1));
        value.remove_prefix(std::max<std::size_t>(length, 1));
    }
    return text;
}

class Lines {
public:
    void add(std::string_view name, std::string_view value) {
        text_ += fmt::format("{} {}\n", name, printable(value));
    }
    void add_yes_no(std::string_view name, bool value) { add(name, value ? "yes" : "no"); }
    void add(std::string_view name, std::uint64_t value) { add(name, std::to_string(value)); }
    void add(std::string_view name, std::chrono::milliseconds value) {
        add(name, static_cast<std::uint64_t>(value / std::chrono::seconds{1}));
    }

    std::string text() && { return std::move(text_); }

private:
    std::string text_;
};

std::string_view name_of(AddressFamily family) {
    switch (family) {
        case AddressFamily::any:
            return "any";
        case AddressFamily::v4:
            return "inet";
        case AddressFamily::v6:
            return "inet6";
    }
    return "any";
}

/// `no` is taken as accept-new is.
std::string_view name_of(StrictHostKeyChecking checking) {
    switch (checking) {
        case StrictHostKeyChecking::yes:
            return "true";
        case StrictHostKeyChecking::ask:
            return "ask";
        case StrictHostKeyChecking::accept_new:
        case StrictHostKeyChecking::no:
            return "accept-new";
    }
    return "ask";
}

std::string shown(const LocalForward& forward) {
    const std::string port = std::to_string(forward.port);
    const std::string local =
        forward.bind.empty() ? port : fmt::format("[{}]:{}", forward.bind, port);
    return fmt::format("{} [{}]:{}", local, forward.target.host, forward.target.port);
}

}  // namespace

std::string as_ssh_settings(const TunnelSettings& settings) {
    const TransportConfig transport = make_engine_config(settings, {}, {}).transport;
    Lines lines;
    lines.add("user", settings.user);
    lines.add("hostname", settings.server.host);
    lines.add("port", std::uint64_t{settings.server.port});
    lines.add("addressfamily", name_of(settings.family));
    if (settings.bind_address) lines.add("bindaddress", *settings.bind_address);
    lines.add_yes_no("batchmode", settings.batch_mode);
    lines.add("ciphers", fmt::format("{}", fmt::join(transport.algorithms.ciphers, ",")));
    lines.add_yes_no("compression", settings.compression.front() != "none");
    lines.add("connecttimeout", settings.connect_timeout);
    lines.add("connectionattempts", std::uint64_t{settings.connection_attempts});
    lines.add_yes_no("exitonforwardfailure", settings.exit_on_forward_failure);
    lines.add("globalknownhostsfile",
              fmt::format("{}", fmt::join(settings.global_known_hosts, " ")));
    lines.add_yes_no("hashknownhosts", settings.hash_known_hosts);
    if (!settings.host_key_alias.empty()) lines.add("hostkeyalias", settings.host_key_alias);
    lines.add_yes_no("identitiesonly", settings.identities_only);
    for (const std::string& file : settings.identities) lines.add("identityfile", file);
    lines.add("kexalgorithms", fmt::format("{}", fmt::join(transport.algorithms.kex, ",")));
    for (const LocalForward& forward : settings.forwards) lines.add("localforward", shown(forward));
    const auto rekey_after = settings.rekey_limit.after.value_or(
        std::chrono::duration_cast<std::chrono::seconds>(RekeyLimits{}.time));
    lines.add("rekeylimit", fmt::format("{} {}", transport.rekey.bytes, rekey_after.count()));
    lines.add("serveralivecountmax", std::uint64_t{settings.keepalive_misses});
    lines.add("serveraliveinterval", settings.keepalive_interval);
    lines.add("stricthostkeychecking", name_of(settings.strict_host_key_checking));
    lines.add_yes_no("tcpkeepalive", settings.tcp_keepalive);
    lines.add("userknownhostsfile", fmt::format("{}", fmt::join(settings.user_known_hosts, " ")));
    return std::move(lines).text();
}

}  // namespace culvert
