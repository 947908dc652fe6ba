#include "server/options.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "common/base/error.hpp"
#include "common/base/escape.hpp"
#include "common/base/shell_quote.hpp"
#include "common/config/arguments.hpp"
#include "common/version/version.hpp"
#include "server/key_files.hpp"
#include "server/listen_address.hpp"

namespace culvert {
namespace {

constexpr std::string_view default_config_file = "/etc/culvert/culvertd.yaml";

constexpr std::string_view help =
    R"(culvertd serves encrypted TCP tunnels to SSH clients: culvert, ssh -L and the like.

usage: culvertd [flags]

It reads /etc/culvert/culvertd.yaml. With these flags alone it needs no file:

  culvertd -p 2222 --authorized-keys ~/.ssh/authorized_keys

  -c FILE                  the config file
  -p PORT                  listen on this port of every address (2222); 0 picks a free one
  --listen ADDRESS[:PORT]  listen on this address only; may be repeated
  --authorized-keys FILE   accept every key in this file, under any user name; may be repeated
  --host-key FILE          the server's private key, made if it is missing; of several the
                           first is used (/etc/culvert/ssh_host_ed25519_key;
                           $XDG_STATE_HOME/culvert/... for a user who isn't root)
  -t                       check the config, and the files and addresses it names, and exit
  --user NAME              with -t, as root: check as this user, who will run culvertd
  --reload                 with -t: check what a running culvertd reads at SIGHUP
  -v, -vv, -q              log more, much more, only errors
  --log-time, --log-json   put the time before each line; write each line as a JSON object
  -h, --help; --version (or -V)

Flags override the file. culvertd stays in the foreground. SIGHUP makes it read its configuration
again and reopen its log file; SIGUSR1 makes it log its current state.
)";

constexpr std::array flags{
    Flag{"-c", FlagValue::required},
    Flag{"-p", FlagValue::required},
    Flag{"--listen", FlagValue::required},
    Flag{"--authorized-keys", FlagValue::required},
    Flag{"--host-key", FlagValue::required},
    Flag{"-t"},
    Flag{"--user", FlagValue::required},
    Flag{"--reload"},
    Flag{"-v"},
    Flag{"-q"},
    Flag{"--log-time"},
    Flag{"--log-json"},
    Flag{"-h"},
    Flag{"--help"},
    Flag{"-V"},
    Flag{"--version"},
    Flag{"-D", FlagValue::none, "culvertd is always in the foreground", "leave -D out"},
    Flag{"-e", FlagValue::none, "culvertd always logs to stderr", "leave -e out"},
    Flag{"-d", FlagValue::none, "culvertd has no debug mode", "-v and -vv log more"},
    Flag{"-f", FlagValue::required, "culvertd reads no sshd_config",
         "-c FILE names its configuration file"},
    Flag{"-o", FlagValue::required, "culvertd has no -o", "settings are in culvertd.yaml"},
};

[[noreturn]] void fail(const std::string& why, std::string hint = {}) {
    throw Error{ErrorKind::usage, why, Hint{std::move(hint)}};
}

std::string required_path(const Argument& argument) {
    if (argument.value.empty()) fail(fmt::format("{}: the file name is empty", argument.flag));
    return argument.value;
}

std::uint16_t read_port(const std::string& text) {
    const auto port = parse_port(text);
    if (!port) {
        fail(fmt::format("-p: '{}' is neither a number up to 65535 nor the name of a TCP service",
                         escaped(text, 64)));
    }
    return *port;
}

}  // namespace

ServerCommandLine parse_server_command_line(std::span<const std::string> arguments) {
    ServerCommandLine line;
    ServeCommand serve;
    std::optional<std::uint16_t> port;
    std::vector<std::string> listen;
    for (const Argument& argument : split_arguments(arguments, flags)) {
        const std::string& flag = argument.flag;
        if (flag.empty()) {
            fail(fmt::format("'{}': culvertd takes no arguments", escaped(argument.value)),
                 "culvertd -c " + shell_quoted(argument.value));
        } else if (flag == "-h" || flag == "--help") {
            return {PrintText{std::string{help}}, {}};
        } else if (flag == "-V" || flag == "--version") {
            return {PrintText{version_text("culvertd")}, {}};
        } else if (flag == "-c") {
            serve.config_file = required_path(argument);
            serve.config_file_named = true;
        } else if (flag == "-p") {
            if (port) fail("-p is given twice", "--listen may be repeated, for several ports");
            port = read_port(argument.value);
        } else if (flag == "--listen") {
            listen.push_back(argument.value);
        } else if (flag == "--authorized-keys") {
            serve.authorized_keys.push_back(required_path(argument));
        } else if (flag == "--host-key") {
            serve.host_keys.push_back(required_path(argument));
        } else if (flag == "--user") {
            if (argument.value.empty()) fail("--user: the name is empty");
            serve.check_as = argument.value;
        } else if (flag == "--reload") {
            serve.check_reload = true;
        } else if (flag == "-t") {
            serve.check_only = true;
        } else {
            line.log.read(flag);
        }
    }
    for (const std::string& text : listen) {
        serve.listen.push_back(parse_listen_address(text, port.value_or(default_listen_port)));
    }
    const auto leaves_port_open = [](const std::string& text) {
        return parse_listen_address(text, 1) != parse_listen_address(text, 2);
    };
    if (port && !listen.empty() && std::ranges::none_of(listen, leaves_port_open)) {
        fail(fmt::format("-p {}: every --listen has a port of its own", *port),
             "leave -p out, or the port of one --listen");
    }
    if (listen.empty() && port) serve.listen.push_back({"*", *port});
    if (!serve.check_only && (serve.check_as || serve.check_reload)) {
        fail(fmt::format("{} needs -t", serve.check_as ? "--user" : "--reload"),
             serve.check_as ? "culvertd runs as the user who starts it; --user is for a check"
                            : "to reload a running culvertd, send it SIGHUP");
    }
    const bool quick =
        !serve.listen.empty() || !serve.authorized_keys.empty() || !serve.host_keys.empty();
    if (!serve.config_file && !quick) serve.config_file = default_config_file;
    line.command = std::move(serve);
    return line;
}

ServerConfig server_config_of(const ServeCommand& command, const Environment& environment) {
    ServerConfig config =
        command.config_file
            ? read_server_config(expand_path(*command.config_file, environment), environment,
                                 {.anybody = command.config_file_named})
            : default_server_config();
    if (!command.listen.empty()) config.listen = command.listen;
    const auto expanded = [&](std::vector<std::string> paths) {
        for (std::string& path : paths) path = expand_path(path, environment);
        return paths;
    };
    if (!command.host_keys.empty()) config.host_keys = expanded(command.host_keys);
    if (config.host_keys.empty()) config.host_keys = {default_host_key_path(environment)};
    config.any_user_keys_files = expanded(command.authorized_keys);
    if (config.users.empty() && config.any_user_keys_files.empty()) {
        const std::string why = "nobody could log in";
        if (!command.config_file) {
            throw Error{ErrorKind::config, why,
                        Hint{"give --authorized-keys FILE, or name users in a file with -c FILE"}};
        }
        throw Error{ErrorKind::config,
                    fmt::format("{}: {}", shell_quoted(*command.config_file), why),
                    Hint{"name users in the file, or give --authorized-keys FILE"}};
    }
    return config;
}

ServerConfig load_server_config(const ServeCommand& command, const Environment& environment) {
    ServerConfig config = server_config_of(command, environment);
    // They are read again at each login; a typo shows now.
    for (const std::string& path : config.any_user_keys_files) {
        check_key_file(any_user_key_file(path));
    }
    return config;
}

}  // namespace culvert
