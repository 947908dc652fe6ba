#include "client/config.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "client/defaults.hpp"
#include "client/destination.hpp"
#include "client/forward_spec.hpp"
#include "client/ssh_options.hpp"
#include "common/base/error.hpp"
#include "common/base/escape.hpp"
#include "common/base/nearest.hpp"
#include "common/base/shell_quote.hpp"
#include "common/config/algorithm_lists.hpp"
#include "common/config/algorithms.hpp"
#include "common/config/byte_size.hpp"
#include "common/config/log_section.hpp"
#include "common/config/yaml_reader.hpp"
#include "common/crypto/base64.hpp"

namespace culvert {
namespace {

/// A word of a fixed set, as in `while_down: hold`.
template <class Enum, std::size_t N>
auto word_reader(const std::pair<std::string_view, Enum> (&words)[N]) {
    return [&words](const YamlValue& value) {
        const std::string written = value.text();
        for (const auto& [word, meaning] : words) {
            if (word == written) return meaning;
        }
        std::vector<std::string_view> all;
        for (const auto& word : words) all.push_back(word.first);
        value.fail(
            fmt::format("'{}' is not one of {}", escaped(written, 64), fmt::join(all, ", ")));
    };
}

constexpr std::pair<std::string_view, WhileDown> while_down_words[] = {{"hold", WhileDown::hold},
                                                                       {"reset", WhileDown::reset}};
constexpr std::pair<std::string_view, StrictHostKeyChecking> strictness_words[] = {
    {"yes", StrictHostKeyChecking::yes},
    {"accept-new", StrictHostKeyChecking::accept_new},
    {"ask", StrictHostKeyChecking::ask},
    {"no", StrictHostKeyChecking::no}};
constexpr std::pair<std::string_view, AddressFamily> family_words[] = {
    {"any", AddressFamily::any}, {"inet", AddressFamily::v4}, {"inet6", AddressFamily::v6}};

std::chrono::milliseconds time_above_0(const YamlValue& value, std::string_view why) {
    const std::chrono::milliseconds time = value.duration();
    if (time == time.zero()) value.fail(why);
    return time;
}

std::string read_pin(const YamlValue& value) {
    constexpr std::string_view prefix = "SHA256:";
    constexpr std::size_t digest_size = 32;
    std::string pin = value.text();
    // ssh-keygen prints it without the padding that base64 asks for.
    const bool is_sha256 =
        pin.starts_with(prefix) && !pin.ends_with('=') &&
        base64_decode(pin.substr(prefix.size()) + "=").value_or(ByteVector{}).size() == digest_size;
    if (!is_sha256) {
        value.fail(
            fmt::format("'{}' is not a key's fingerprint (SHA256: and 43 characters)",
                        escaped(pin, 64)),
            "on the server, this prints it: ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub");
    }
    return pin;
}

LocalForward read_forward(const YamlValue& value) {
    if (value.is_scalar()) {
        value.fail("a forward is a map with local and to",
                   "write it as {local: 12345, to: pop3.example.com:110}");
    }
    YamlMap map = value.map();
    for (const std::string_view later : {"remote", "socks"}) {
        if (const YamlValue* const found = map.find(later)) {
            found->fail(
                "this version of culvert carries local forwards only, as in {local: 12345, "
                "to: pop3.example.com:110}",
                "remove this forward, and use ssh for it");
        }
    }
    LocalForward forward;
    map.required("local", forward, [](const YamlValue& local) {
        const ListenSpec listen = local.parsed(parse_listen_spec);
        return LocalForward{bind_or_default(listen.bind, false), listen.port, {}};
    });
    map.required("to", forward.target, [](const YamlValue& to) { return to.parsed(parse_target); });
    map.finish();
    return forward;
}

std::vector<LocalForward> read_forwards(const YamlValue& value) {
    std::vector<LocalForward> forwards;
    for (const YamlValue& element : value.list()) {
        const LocalForward forward = read_forward(element);
        const auto earlier = std::ranges::find_if(
            forwards, [&](const LocalForward& other) { return listen_alike(forward, other); });
        if (earlier != forwards.end()) {
            element.fail(fmt::format("local {} is already taken by forwards[{}]", forward.port,
                                     earlier - forwards.begin()));
        }
        forwards.push_back(forward);
    }
    if (forwards.empty()) value.fail("an empty list: a tunnel without forwards carries nothing");
    return forwards;
}

TunnelSettings read_tunnel(const std::string& name, const YamlValue& value,
                           const Environment& environment) {
    TunnelSettings tunnel = default_tunnel_settings(environment);
    tunnel.name = name;
    tunnel.log_tag = fmt::format(" [{}]", escaped(name));
    YamlMap map = value.map();

    Destination server;
    map.required("server", server, [](const YamlValue& v) { return v.parsed(parse_destination); });
    tunnel.named_host = server.host;
    tunnel.server.port = server.port.value_or(tunnel.server.port);
    if (!server.host.empty()) tunnel.server.host = server_host(server.host);
    if (!server.user.empty()) tunnel.user = server.user;

    tunnel.identities_defaulted = !map.optional("identity", tunnel.identities, &YamlValue::paths);
    map.optional("identities_only", tunnel.identities_only);
    map.optional("agent", tunnel.agent, [&](const YamlValue& v) {
        return v.parsed([&](std::string_view written) {
            return agent_socket(std::string{written}, environment);
        });
    });
    map.optional("host_key", tunnel.host_key_pin, read_pin);
    map.optional("known_hosts", tunnel.user_known_hosts, &YamlValue::paths);
    map.optional("global_known_hosts", tunnel.global_known_hosts, &YamlValue::paths);
    map.optional("batch_mode", tunnel.batch_mode);
    map.optional("hash_known_hosts", tunnel.hash_known_hosts);
    map.optional("host_key_alias", tunnel.host_key_alias, [](const YamlValue& v) {
        v.parsed(require_host_name);
        return v.text();
    });
    map.optional("strict_host_key_checking", tunnel.strict_host_key_checking,
                 word_reader(strictness_words));
    map.optional("compression", tunnel.compression,
                 [](const YamlValue& v) { return v.parsed(prefer_compression); });
    map.optional("ciphers", tunnel.ciphers, read_ciphers);
    read_key_exchanges(map, tunnel.kex_algorithms, tunnel.require_post_quantum);
    map.optional("connections", tunnel.connections, [](const YamlValue& v) {
        return static_cast<unsigned>(v.integer(1, most_connections));
    });
    map.required("forwards", tunnel.forwards, read_forwards);
    map.optional("required", tunnel.required);
    map.optional("exit_on_forward_failure", tunnel.exit_on_forward_failure);
    map.optional("address_family", tunnel.family, word_reader(family_words));
    map.optional("bind_address", tunnel.bind_address,
                 [](const YamlValue& v) { return v.parsed(parse_bind_address); });
    map.optional("rekey_limit", tunnel.rekey_limit,
                 [](const YamlValue& v) { return v.parsed(parse_rekey_limit); });
    map.optional("channel_window", tunnel.channel_window,
                 [](const YamlValue& v) { return v.parsed(parse_window_bytes); });
    map.optional("tcp_keepalive", tunnel.tcp_keepalive);
    map.optional("connect_timeout", tunnel.connect_timeout,
                 [](const YamlValue& v) { return time_above_0(v, "must be more than 0"); });
    map.optional("channel_open", tunnel.channel_open,
                 [](const YamlValue& v) { return time_above_0(v, "must be more than 0"); });
    map.optional("keepalive", tunnel.keepalive_interval);
    map.optional("keepalive_misses", tunnel.keepalive_misses,
                 [](const YamlValue& v) { return static_cast<unsigned>(v.integer(1, 1'000)); });
    map.optional("while_down", tunnel.while_down, word_reader(while_down_words));
    map.optional("hold_for", tunnel.hold_for);
    map.finish();
    if (tunnel.user.empty()) {
        value.fail("server: the user's name is missing, and your login name is unknown",
                   "name the user, as in alice@gw.example.com");
    }
    return tunnel;
}

/// The tunnels of one file go behind those of the files before it.
void add_tunnels(const YamlValue& value, const Environment& environment,
                 std::vector<TunnelSettings>& tunnels) {
    for (const auto& [name, settings] : value.map().entries()) {
        if (std::ranges::find(tunnels, name, &TunnelSettings::name) != tunnels.end()) {
            settings.fail("another file has a tunnel of this name");
        }
        tunnels.push_back(read_tunnel(name, settings, environment));
    }
}

ClientConfig read_config(const YamlValue& top, const Environment& environment) {
    ClientConfig config;
    std::vector<TunnelSettings>& tunnels = config.tunnels;
    YamlMap map = top.map();
    map.optional("threads", config.threads, [](const YamlValue& value) {
        return static_cast<unsigned>(value.integer(0, most_threads));
    });
    map.optional("window_memory", config.window_memory,
                 [](const YamlValue& value) { return value.parsed(parse_window_memory); });
    map.optional("drain", config.drain);
    map.optional("ready_timeout", config.ready_timeout);
    map.optional("log", config.log, [](const YamlValue& value) {
        return read_log_section(value, {LogKind::connections, LogKind::forwards});
    });
    const YamlValue* const own = map.find("tunnels");
    const YamlValue* const include = map.find("include");
    map.finish();
    if (own == nullptr && include == nullptr) {
        top.fail("'tunnels' is missing");
    }
    if (own != nullptr) add_tunnels(*own, environment, tunnels);
    if (include != nullptr) {
        for (const YamlValue& file : include->included_files()) {
            YamlMap part = file.map();
            const YamlValue* const its = part.find("tunnels");
            part.finish();
            if (its != nullptr) add_tunnels(*its, environment, tunnels);
        }
    }
    if (tunnels.empty()) (own != nullptr ? *own : top).fail("has no tunnel in it");
    return config;
}

}  // namespace

ClientConfig read_client_config(const std::string& path, const Environment& environment) {
    return read_config(YamlValue::from_file(path, environment), environment);
}

ClientConfig parse_client_config(const std::string& text, const std::string& name,
                                 const Environment& environment) {
    return read_config(YamlValue::from_text(text, name, environment), environment);
}

std::vector<TunnelSettings> select_tunnels(std::vector<TunnelSettings> tunnels,
                                           std::span<const std::string> names) {
    if (names.empty()) return tunnels;
    std::vector<TunnelSettings> selected;
    for (const std::string& name : names) {
        const auto found = std::ranges::find(tunnels, name, &TunnelSettings::name);
        if (found == tunnels.end()) {
            std::vector<std::string_view> known;
            for (const TunnelSettings& tunnel : tunnels) known.push_back(tunnel.name);
            std::string meant = did_you_mean(name, known);
            if (meant.empty()) {
                meant = "; the file has " + escaped(fmt::format("{}", fmt::join(known, ", ")), 256);
            }
            throw Error{ErrorKind::usage,
                        fmt::format("no tunnel '{}'{}", escaped(name, 64), meant)};
        }
        const bool again =
            std::ranges::find(selected, name, &TunnelSettings::name) != selected.end();
        if (!again) selected.push_back(*found);
    }
    return selected;
}

void require_distinct_ports(std::span<const TunnelSettings> tunnels) {
    std::vector<std::pair<const TunnelSettings*, const LocalForward*>> taken;
    for (const TunnelSettings& tunnel : tunnels) {
        for (const LocalForward& forward : tunnel.forwards) {
            for (const auto& [other, theirs] : taken) {
                if (!listen_alike(forward, *theirs)) continue;
                throw Error{
                    ErrorKind::usage,
                    fmt::format("the tunnels {} and {} both use local port {}",
                                escaped(other->name), escaped(tunnel.name), forward.port),
                    Hint{"give one of them another port, or bring up only one: culvert up " +
                         shell_quoted(tunnel.name)}};
            }
            taken.emplace_back(&tunnel, &forward);
        }
    }
}

}  // namespace culvert
