#include "server/config.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "common/base/characters.hpp"
#include "common/base/error.hpp"
#include "common/base/escape.hpp"
#include "common/base/number.hpp"
#include "common/config/algorithm_lists.hpp"
#include "common/config/algorithms.hpp"
#include "common/config/byte_size.hpp"
#include "common/config/log_section.hpp"
#include "common/config/yaml_reader.hpp"
#include "server/listen_address.hpp"

namespace culvert {
namespace {

std::vector<Endpoint> read_listen(const YamlValue& value) {
    std::vector<Endpoint> listen;
    for (const YamlValue& element : value.one_or_list()) {
        listen.push_back(
            element.parsed([](std::string_view text) { return parse_listen_address(text); }));
    }
    if (listen.empty()) value.fail("an empty list: culvertd needs at least one address");
    return listen;
}

std::vector<std::string> read_host_keys(const YamlValue& value) {
    std::vector<std::string> paths = value.paths();
    if (paths.empty()) value.fail("an empty list: culvertd needs a host key");
    return paths;
}

std::vector<std::string> read_compression(const YamlValue& value) {
    std::vector<std::string> methods;
    for (const YamlValue& element : value.one_or_list()) {
        methods.push_back(element.parsed(compression_method));
        if (std::ranges::count(methods, methods.back()) > 1) element.fail("is given twice");
    }
    if (methods.empty()) value.fail("an empty list", "[none] switches compression off");
    return methods;
}

AuthorizedKey read_authorized_key(const YamlValue& value) {
    auto key = value.parsed(parse_authorized_key);
    if (!key) value.fail("is a comment, not a key");
    if (key->refused) value.fail(*key->refused);
    if (const auto why = why_second_key_is_lost(*key)) value.fail(*why);
    if (key->key.algorithm() != ssh_ed25519) {
        value.fail(fmt::format("a key of type {}: culvertd takes ssh-ed25519 keys only",
                               escaped(key->key.algorithm(), 64)),
                   "culvert keygen or ssh-keygen -t ed25519 makes one");
    }
    return *std::move(key);
}

std::vector<OpenRule> read_permit_open(const YamlValue& value) {
    std::vector<OpenRule> rules;
    for (const YamlValue& element : value.list()) rules.push_back(element.parsed(OpenRule::parse));
    return rules;
}

UserConfig read_user(const YamlValue& value) {
    UserConfig user;
    YamlMap map = value.map();
    map.optional("authorized_keys", user.authorized_keys, [](const YamlValue& keys) {
        std::vector<AuthorizedKey> all;
        for (const YamlValue& key : keys.one_or_list()) all.push_back(read_authorized_key(key));
        return all;
    });
    map.optional("authorized_keys_files", user.authorized_keys_files, &YamlValue::paths);
    map.optional("permit_open", user.permit_open, read_permit_open);
    if (const YamlValue* const listen = map.find("permit_listen")) {
        listen->fail(
            "this version of culvertd opens no ports for clients (ssh -R) and denies "
            "every such request",
            "remove permit_listen");
    }
    map.finish();
    if (user.authorized_keys.empty() && user.authorized_keys_files.empty()) {
        value.fail("has no key to log in with",
                   "give authorized_keys, authorized_keys_files, or both");
    }
    return user;
}

using Users = std::map<std::string, UserConfig, std::less<>>;

void add_users(const YamlValue& value, Users& users) {
    for (const auto& [name, user] : value.map().entries()) {
        if (name.empty() || name.size() > 255 || has_blank_or_control(name)) {
            user.fail(
                "not a user name: it is empty, too long, or has blanks or control characters in "
                "it");
        }
        if (!users.emplace(name, read_user(user)).second) user.fail("another file has this user");
    }
}

void add_users_of_files(const YamlValue& include, Users& users) {
    for (const YamlValue& file : include.included_files()) {
        YamlMap part = file.map();
        const YamlValue* const its = part.find("users");
        part.finish();
        if (its != nullptr) add_users(*its, users);
    }
}

/// "10:30:100", as in sshd_config(5), but always all three.
MaxStartups read_max_startups(const YamlValue& value) {
    const std::string text = value.text();
    const std::size_t first = text.find(':');
    const std::size_t last = text.rfind(':');
    const auto begin = parse_number<unsigned>(text.substr(0, first));
    const auto percent = parse_number<unsigned>(text.substr(first + 1, last - first - 1));
    const auto full = parse_number<unsigned>(text.substr(last + 1));
    if (first == last || !begin || !percent || !full || *percent > 100 || *begin == 0 ||
        *full < *begin) {
        value.fail(
            fmt::format("'{}' is not begin:percent:full, as in 10:30:100", escaped(text, 64)),
            "from `begin` connections that haven't logged in, `percent` of new ones are refused; "
            "from `full`, all of them");
    }
    return {*begin, *percent, *full};
}

/// A number that 0 would make useless.
template <class Number>
Number read_positive(const YamlValue& value) {
    return static_cast<Number>(value.integer(1, 1'000'000));
}

std::chrono::milliseconds read_positive_duration(const YamlValue& value) {
    const auto duration = value.duration();
    if (duration == duration.zero()) value.fail("0 would let nobody in");
    return duration;
}

ServerLimits read_limits(const YamlValue& value) {
    ServerLimits limits;
    YamlMap map = value.map();
    map.optional("login_grace", limits.login_grace, read_positive_duration);
    map.optional("login_grace_with_key", limits.login_grace_with_key, read_positive_duration);
    map.optional("auth_tries", limits.auth_tries, read_positive<unsigned>);
    map.optional("channels", limits.channels, read_positive<std::size_t>);
    map.optional("channel_open", limits.channel_open, read_positive_duration);
    map.optional("channel_window", limits.channel_window,
                 [](const YamlValue& size) { return size.parsed(parse_window_bytes); });
    map.optional("window_memory", limits.window_memory,
                 [](const YamlValue& size) { return size.parsed(parse_window_memory); });
    map.optional("keepalive", limits.keepalive_interval);
    map.optional("keepalive_misses", limits.keepalive_misses, read_positive<unsigned>);
    map.optional("max_startups", limits.max_startups, read_max_startups);
    map.optional("unauthenticated_per_source", limits.unauthenticated_per_source,
                 read_positive<unsigned>);
    map.optional("drain", limits.drain);
    map.finish();
    return limits;
}

ServerConfig read_config(const YamlValue& top, const Environment& environment) {
    ServerConfig config = default_server_config();
    YamlMap map = top.map();
    map.optional("listen", config.listen, read_listen);
    const bool names_host_keys = map.optional("host_keys", config.host_keys, read_host_keys);
    if (!names_host_keys) config.host_keys = {default_host_key_path(environment)};
    map.optional("ciphers", config.ciphers, read_ciphers);
    map.optional("compression", config.compression, read_compression);
    read_key_exchanges(map, config.kex_algorithms, config.require_post_quantum);
    map.optional("require_strict_kex", config.require_strict_kex);
    map.optional("rekey_limit", config.rekey_limit,
                 [](const YamlValue& value) { return value.parsed(parse_rekey_limit); });
    map.optional("threads", config.threads, [](const YamlValue& value) {
        return static_cast<unsigned>(value.integer(0, 1'024));
    });
    if (const YamlValue* const users = map.find("users")) add_users(*users, config.users);
    if (const YamlValue* const files = map.find("include")) {
        add_users_of_files(*files, config.users);
    }
    map.optional("limits", config.limits, read_limits);
    map.optional("log", config.log, [](const YamlValue& value) {
        return read_log_section(
            value, {LogKind::logins, LogKind::connections, LogKind::forwards, LogKind::probes});
    });
    map.finish();
    return config;
}

}  // namespace

ServerConfig default_server_config() {
    ServerConfig config;
    config.listen = {{"*", default_listen_port}};
    config.compression = compression_methods();
    return config;
}

ServerConfig read_server_config(const std::string& path, const Environment& environment,
                                const TrustedOwners& owners) {
    std::vector<std::string> files;
    const auto read = [&](const std::string& file, std::size_t limit) {
        const bool is_included = !files.empty();
        files.push_back(file);
        return read_trusted_file(file, limit, is_included ? TrustedOwners{} : owners);
    };
    ServerConfig config = read_config(YamlValue::from_file(path, environment, read), environment);
    config.files = std::move(files);
    return config;
}

ServerConfig parse_server_config(const std::string& text, const std::string& name,
                                 const Environment& environment) {
    return read_config(YamlValue::from_text(text, name, environment), environment);
}

std::string default_host_key_path(const Environment& environment) {
    constexpr std::string_view name = "ssh_host_ed25519_key";
    if (environment.root) return fmt::format("/etc/culvert/{}", name);
    const auto state = environment.variable("XDG_STATE_HOME");
    // The XDG specification has relative paths ignored.
    if (state && state->starts_with('/')) return fmt::format("{}/culvert/{}", *state, name);
    if (environment.home.empty()) {
        throw Error{ErrorKind::config, "HOME is not set",
                    Hint{"name a host key with --host-key FILE"}};
    }
    return fmt::format("{}/.local/state/culvert/{}", environment.home, name);
}

}  // namespace culvert
