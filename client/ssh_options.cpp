#include "client/ssh_options.hpp"

#include <algorithm>
#include <array>
#include <sstream>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "client/defaults.hpp"
#include "client/destination.hpp"
#include "client/ssh_options_not_here.hpp"
#include "client/ssh_tokens.hpp"
#include "client/ssh_words.hpp"
#include "common/base/characters.hpp"
#include "common/base/error.hpp"
#include "common/base/escape.hpp"
#include "common/base/host_name.hpp"
#include "common/base/ip_address.hpp"
#include "common/base/nearest.hpp"
#include "common/base/number.hpp"
#include "common/base/shell_quote.hpp"
#include "common/base/wildcard.hpp"
#include "common/config/algorithms.hpp"
#include "common/config/duration.hpp"
#include "common/engine/default_ciphers.hpp"

namespace culvert {
namespace {

[[noreturn]] void fail(const std::string& why) { throw Error{ErrorKind::usage, why}; }

/// No deadline of ours, and yet no wait without an end.
constexpr std::chrono::seconds no_timeout = std::chrono::hours{24};

/// One option's value, without its quotes.
struct Value {
    std::vector<std::string> words;
    std::string text;  ///< the words, with a blank between

    [[noreturn]] void fail_wanted(std::string_view wanted) const {
        fail(fmt::format("'{}' is not {}", escaped(text, 64), wanted));
    }

    bool yes_no() const {
        const std::string word = lower_case(text);
        if (word == "yes" || word == "true") return true;
        if (word == "no" || word == "false") return false;
        fail_wanted("yes or no");
    }

    std::uint64_t number(std::uint64_t lowest, std::uint64_t highest) const {
        const auto result = parse_number<std::uint64_t>(text);
        if (!result || *result < lowest || *result > highest) {
            fail_wanted(fmt::format("a number from {} to {}", lowest, highest));
        }
        return *result;
    }

    /// Seconds, or ssh's time format: 90, 90s, 1m30s, 1h.
    std::chrono::seconds seconds() const {
        const auto time = parse_ssh_time(text);
        if (!time) fail_wanted("a time in seconds");
        return *time;
    }

    /// The same, or `none` for 0.
    std::chrono::seconds seconds_or_none() const {
        return lower_case(text) == "none" ? std::chrono::seconds::zero() : seconds();
    }

    /// What stands between its commas, in lower case.
    std::vector<std::string> list() const {
        std::vector<std::string> all;
        std::istringstream parts{lower_case(text)};
        for (std::string part; std::getline(parts, part, ',');) all.push_back(part);
        return all;
    }

    std::vector<std::string> files() const {
        if (words.size() == 1 && lower_case(text) == "none") return {};
        return words;
    }
};

AddressFamily parse_family(const Value& value) {
    const std::string word = lower_case(value.text);
    if (word == "any") return AddressFamily::any;
    if (word == "inet") return AddressFamily::v4;
    if (word == "inet6") return AddressFamily::v6;
    value.fail_wanted("any, inet or inet6");
}

StrictHostKeyChecking parse_strictness(const Value& value) {
    const std::string word = lower_case(value.text);
    if (word == "yes" || word == "true") return StrictHostKeyChecking::yes;
    if (word == "no" || word == "false" || word == "off") return StrictHostKeyChecking::no;
    if (word == "ask") return StrictHostKeyChecking::ask;
    if (word == "accept-new") return StrictHostKeyChecking::accept_new;
    value.fail_wanted("yes, accept-new, ask or no");
}

LogLevel parse_log_level(const Value& value) {
    const std::string word = lower_case(value.text);
    if (word == "quiet" || word == "fatal" || word == "error") return LogLevel::error;
    if (word == "info") return LogLevel::info;
    if (word == "verbose") return LogLevel::verbose;
    if (word == "debug" || word == "debug1" || word == "debug2" || word == "debug3") {
        return LogLevel::debug;
    }
    value.fail_wanted("QUIET, FATAL, ERROR, INFO, VERBOSE or DEBUG");
}

struct Option {
    std::string_view name;
    void (*apply)(const Value&, SshOptions&);
    bool takes_words = false;  ///< more than one
};

constexpr std::array<Option, 30> known_options{{
    {"AddressFamily", [](const Value& v, SshOptions& o) { o.set(o.family, parse_family(v)); }},
    {"BatchMode", [](const Value& v, SshOptions& o) { o.set(o.batch_mode, v.yes_no()); }},
    {"BindAddress",
     [](const Value& v, SshOptions& o) { o.set(o.bind_address, parse_bind_address(v.text)); }},
    {"Ciphers", [](const Value& v,
                   SshOptions& o) { o.set(o.ciphers, choose_ciphers(v.text, default_ciphers())); }},
    {"Compression", [](const Value& v, SshOptions& o) { o.set(o.compression, v.yes_no()); }},
    {"ConnectionAttempts",
     [](const Value& v, SshOptions& o) {
         o.set(o.connection_attempts, static_cast<unsigned>(v.number(1, 1'000'000)));
     }},
    {"Connections",
     [](const Value& v, SshOptions& o) {
         o.set(o.connections, static_cast<unsigned>(v.number(1, most_connections)));
     }},
    {"ConnectTimeout",
     [](const Value& v, SshOptions& o) {
         const auto timeout = v.seconds_or_none();
         o.set(o.connect_timeout, timeout.count() == 0 ? no_timeout : timeout);
     }},
    {"ExitOnForwardFailure",
     [](const Value& v, SshOptions& o) { o.set(o.exit_on_forward_failure, v.yes_no()); }},
    {"GatewayPorts", [](const Value& v, SshOptions& o) { o.set(o.gateway_ports, v.yes_no()); }},
    {"GlobalKnownHostsFile",
     [](const Value& v, SshOptions& o) { o.set(o.global_known_hosts, v.files()); }, true},
    {"HashKnownHosts",
     [](const Value& v, SshOptions& o) { o.set(o.hash_known_hosts, v.yes_no()); }},
    {"HostKeyAlias",
     [](const Value& v, SshOptions& o) {
         require_host_name(v.text);
         o.set(o.host_key_alias, v.text);
     }},
    {"HostName",
     [](const Value& v, SshOptions& o) {
         require_host_name(v.text);
         o.set(o.host_name, v.text);
     }},
    {"IdentitiesOnly", [](const Value& v, SshOptions& o) { o.set(o.identities_only, v.yes_no()); }},
    {"IdentityAgent", [](const Value& v, SshOptions& o) { o.set(o.agent, v.text); }},
    {"IdentityFile",
     [](const Value& v, SshOptions& o) {
         if (lower_case(v.text) == "none") {
             o.no_default_identity = true;
         } else {
             o.identities.push_back(v.text);
         }
     }},
    {"IgnoreUnknown", [](const Value& v, SshOptions& o) { o.ignore_unknown = v.list(); }},
    {"KexAlgorithms",
     [](const Value& v, SshOptions& o) { o.set(o.kex_algorithms, choose_kex_algorithms(v.text)); }},
    {"LogLevel", [](const Value& v, SshOptions& o) { o.set(o.log_level, parse_log_level(v)); }},
    {"Port",
     [](const Value& v, SshOptions& o) {
         const auto port = parse_port(v.text);
         if (!port || *port == 0) v.fail_wanted("a port");
         o.set(o.port, *port);
     }},
    {"RekeyLimit",
     [](const Value& v, SshOptions& o) { o.set(o.rekey_limit, parse_rekey_limit(v.text)); }, true},
    {"RequirePostQuantum",
     [](const Value& v, SshOptions& o) { o.set(o.require_post_quantum, v.yes_no()); }},
    {"ServerAliveCountMax",
     [](const Value& v, SshOptions& o) {
         o.set(o.alive_count_max, static_cast<unsigned>(v.number(0, 1'000'000)));
     }},
    {"ServerAliveInterval",
     [](const Value& v, SshOptions& o) { o.set(o.alive_interval, v.seconds_or_none()); }},
    {"StrictHostKeyChecking",
     [](const Value& v, SshOptions& o) { o.set(o.strict_host_key_checking, parse_strictness(v)); }},
    {"TCPKeepAlive", [](const Value& v, SshOptions& o) { o.set(o.tcp_keepalive, v.yes_no()); }},
    {"Threads",
     [](const Value& v, SshOptions& o) {
         o.set(o.threads, static_cast<unsigned>(v.number(1, most_threads)));
     }},
    {"User",
     [](const Value& v, SshOptions& o) {
         require_command_line_user(v.text);
         o.set(o.user, v.text);
     }},
    {"UserKnownHostsFile",
     [](const Value& v, SshOptions& o) { o.set(o.user_known_hosts, v.files()); }, true},
}};

[[noreturn]] void fail_unknown(std::string_view name) {
    std::vector<std::string_view> names;
    for (const Option& option : known_options) names.push_back(option.name);
    for (const SshOptionNotHere& option : ssh_options_not_here()) names.push_back(option.name);
    const std::string meant = did_you_mean(name, names);
    throw Error{ErrorKind::usage,
                fmt::format("-o {}: culvert has no such option{}", escaped(name, 64), meant),
                Hint{meant.empty() ? "--help lists the options" : ""}};
}

/// One that culvert doesn't act on is taken if nothing depends on it.
void take_or_refuse(const SshOptionNotHere& option, const Value& value, SshOptions& options) {
    if (changes_nothing(option, value.words)) return;
    const std::string said = fmt::format("-o {}={}: ", option.name, escaped(value.text, 64));
    if (option.others != OtherValues::refused) {
        const bool warned = option.others == OtherValues::warned;
        options.notes.push_back(
            {warned ? LogLevel::info : LogLevel::verbose,
             fmt::format("{}without effect here: in ssh it {}", said, option.effect)});
        return;
    }
    const std::string taken = taken_values(option);
    throw Error{ErrorKind::usage,
                fmt::format("{}it {}{}", said, option.effect,
                            taken.empty() ? "" : fmt::format("; only {} is accepted", taken)),
                Hint{std::string{option.instead}}};
}

/// ssh takes two words for an error too, where an option has one value.
void require_one_word(std::string_view name, const Value& value) {
    if (value.words.size() == 1) return;
    throw Error{ErrorKind::usage,
                fmt::format("takes one value and was given {} words", value.words.size()),
                Hint{"put the value in quotes: -o " +
                     shell_quoted(fmt::format("{}={}", name, ssh_quoted(value.text)))}};
}

/// HostName, with its two tokens.
std::string real_host(const std::string& written, const std::string& named_host) {
    const std::array tokens{SshToken{'h', named_host}};
    return server_host(replace_tokens(written, tokens));
}

/// Paths with all that ssh replaces in them, of the tokens those that culvert knows.
class PathReader {
public:
    /// `settings` has its user, server and alias already.
    PathReader(const TunnelSettings& settings, const std::string& named_host,
               const Environment& environment)
        : environment_{environment},
          tokens_{SshToken{'d', environment.home},
                  {'h', settings.server.host},
                  {'k', settings.host_key_alias.empty() ? named_host : settings.host_key_alias},
                  {'n', named_host},
                  {'p', std::to_string(settings.server.port)},
                  {'r', settings.user},
                  {'u', environment.login}} {}

    std::string tokens_replaced(std::string_view written) const {
        return replace_tokens(written, tokens_);
    }
    std::vector<std::string> all(const std::vector<std::string>& written) const {
        std::vector<std::string> paths;
        for (const std::string& path : written) {
            paths.push_back(expand_option_path(tokens_replaced(path), environment_));
        }
        return paths;
    }

private:
    const Environment& environment_;
    std::array<SshToken, 7> tokens_;
};

}  // namespace

void apply_ssh_option(std::string_view text, SshOptions& options) {
    constexpr std::string_view blanks = " \t";
    text.remove_prefix(std::min(text.find_first_not_of(blanks), text.size()));
    const std::size_t name_end = std::min(text.find_first_of(" \t="), text.size());
    const std::string_view name = text.substr(0, name_end);
    std::string_view value = text.substr(name_end);
    value.remove_prefix(std::min(value.find_first_not_of(blanks), value.size()));
    if (value.starts_with('=')) value.remove_prefix(1);
    value.remove_prefix(std::min(value.find_first_not_of(blanks), value.size()));
    value = value.substr(0, value.find_last_not_of(" \t\r\n\f") + 1);

    const std::string lower_name = lower_case(name);
    const auto is_it = [&](const auto& one) { return lower_case(one.name) == lower_name; };
    const auto option = std::ranges::find_if(known_options, is_it);
    const auto not_here = std::ranges::find_if(ssh_options_not_here(), is_it);
    const bool is_known = option != known_options.end();
    if (!is_known && not_here == ssh_options_not_here().end()) {
        const auto is_ignored = [&](const std::string& pattern) {
            return wildcard_match(pattern, lower_name);
        };
        if (std::ranges::any_of(options.ignore_unknown, is_ignored)) return;
        fail_unknown(name);
    }
    const std::string_view proper_name = is_known ? option->name : not_here->name;
    Value given;
    try {
        // ssh wants the quotes closed in every value.
        given.words = ssh_words(value);
        const bool is_verbatim = !is_known && not_here->form == ValueForm::verbatim;
        if (is_verbatim) given.words = {std::string{value}};
        given.text = fmt::format("{}", fmt::join(given.words, " "));
        if (given.words.empty() || given.words.front().empty()) {
            fail(fmt::format("the value is missing, as in -o {}=...", proper_name));
        }
        if (is_known) {
            if (!option->takes_words) require_one_word(proper_name, given);
            option->apply(given, options);
            return;
        }
    } catch (const Error& error) {
        throw with_context(fmt::format("-o {}", proper_name), error);
    }
    take_or_refuse(*not_here, given, options);
}

std::string parse_bind_address(std::string_view text) {
    const std::string address = canonical_host(text);
    if (!IpAddress::parse(address.substr(0, address.find('%')))) {
        fail(fmt::format("'{}' is not an IP address of this machine to connect from",
                         escaped(text, 64)));
    }
    if (const auto why = zone_missing(address)) fail(fmt::format("'{}': {}", text, *why));
    return std::string{text};
}

TunnelSettings settings_from(const SshOptions& options, TunnelSettings base,
                             const Environment& environment) {
    const auto put = [](auto& field, const auto& said) {
        if (said) field = *said;
    };
    put(base.user, options.user);
    put(base.server.port, options.port);
    put(base.host_key_alias, options.host_key_alias);
    const std::string named_host = base.named_host;
    base.server.host =
        options.host_name ? real_host(*options.host_name, named_host) : server_host(named_host);
    const PathReader paths{base, named_host, environment};
    put(base.bind_address, options.bind_address);
    put(base.family, options.family);
    if (!options.identities.empty() || options.no_default_identity) {
        base.identities = paths.all(options.identities);
        base.identities_defaulted = false;
    }
    put(base.identities_only, options.identities_only);
    if (options.agent) {
        base.agent = agent_socket(paths.tokens_replaced(*options.agent), environment);
    }
    put(base.batch_mode, options.batch_mode);
    put(base.strict_host_key_checking, options.strict_host_key_checking);
    if (options.user_known_hosts) base.user_known_hosts = paths.all(*options.user_known_hosts);
    if (options.global_known_hosts) {
        base.global_known_hosts = paths.all(*options.global_known_hosts);
    }
    put(base.hash_known_hosts, options.hash_known_hosts);
    put(base.ciphers, options.ciphers);
    put(base.kex_algorithms, options.kex_algorithms);
    put(base.require_post_quantum, options.require_post_quantum);
    offered_kex_algorithms(base.kex_algorithms, base.require_post_quantum);  // there must be one
    if (options.compression) {
        base.compression = prefer_compression(*options.compression ? "zstd" : "none");
    }
    put(base.rekey_limit, options.rekey_limit);
    put(base.exit_on_forward_failure, options.exit_on_forward_failure);
    put(base.connect_timeout, options.connect_timeout);
    put(base.connection_attempts, options.connection_attempts);
    put(base.keepalive_misses, options.alive_count_max);
    // ssh asks only if it is told how often; our own interval would end every quiet tunnel.
    if (base.keepalive_misses == 0) base.keepalive_interval = base.keepalive_interval.zero();
    put(base.keepalive_interval, options.alive_interval);
    put(base.tcp_keepalive, options.tcp_keepalive);
    put(base.connections, options.connections);
    return base;
}

}  // namespace culvert
