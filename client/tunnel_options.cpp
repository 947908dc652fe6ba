#include "client/tunnel_options.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "client/defaults.hpp"
#include "client/destination.hpp"
#include "client/forward_spec.hpp"
#include "client/help.hpp"
#include "client/ssh_options.hpp"
#include "common/base/error.hpp"
#include "common/base/escape.hpp"
#include "common/base/nearest.hpp"
#include "common/base/shell_quote.hpp"
#include "common/config/algorithms.hpp"
#include "common/config/arguments.hpp"
#include "common/engine/default_ciphers.hpp"
#include "common/version/version.hpp"

namespace culvert {
namespace {

constexpr std::string_view no_session = "culvert forwards ports and runs no remote command";
constexpr std::string_view no_sharing = "culvert shares no connections with other programs";
constexpr std::string_view local_only = "this version carries local forwards (-L) only";
constexpr std::string_view use_ssh = "use ssh for this one";

constexpr std::array tunnel_flags{
    Flag{"-L", FlagValue::required},
    Flag{"-C"},
    Flag{"-c", FlagValue::required},
    Flag{"-l", FlagValue::required},
    Flag{"-p", FlagValue::required},
    Flag{"-i", FlagValue::required},
    Flag{"-o", FlagValue::required},
    Flag{"-F", FlagValue::required},
    Flag{"-b", FlagValue::required},
    Flag{"-4"},
    Flag{"-6"},
    Flag{"-g"},
    Flag{"-f"},
    Flag{"-G"},
    Flag{"-E", FlagValue::required},
    Flag{"--pid-file", FlagValue::required},
    Flag{"-v"},
    Flag{"-q"},
    Flag{"-N"},
    Flag{"-T"},
    Flag{"-n"},
    Flag{"-a"},
    Flag{"-x"},
    Flag{"-k"},
    Flag{"-2"},
    Flag{"-y"},
    Flag{"-e", FlagValue::required},
    Flag{"-m", FlagValue::required},
    Flag{"-I", FlagValue::required},
    Flag{"-S", FlagValue::required},
    Flag{"-h"},
    Flag{"--help"},
    Flag{"-V"},
    Flag{"--version"},
    Flag{"--log-time"},
    Flag{"--log-json"},
    Flag{"-R", FlagValue::required, local_only, use_ssh},
    Flag{"-D", FlagValue::required, local_only, use_ssh},
    Flag{"-W", FlagValue::required, local_only, use_ssh},
    Flag{"-w", FlagValue::required, local_only, use_ssh},
    Flag{"-J", FlagValue::required, "this version connects to the server directly only",
         "tunnel to the server first: culvert JUMPHOST 2222:SERVER:22, then "
         "culvert -p 2222 localhost"},
    Flag{"-A", FlagValue::none, "culvert doesn't forward the agent"},
    Flag{"-X", FlagValue::none, "culvert forwards no X11"},
    Flag{"-Y", FlagValue::none, "culvert forwards no X11"},
    Flag{"-K", FlagValue::none, "culvert logs in with keys only"},
    Flag{"-t", FlagValue::none, no_session},
    Flag{"-s", FlagValue::none, no_session},
    Flag{"-M", FlagValue::none, no_sharing},
    Flag{"-O", FlagValue::required, no_sharing},
    Flag{"-1", FlagValue::none, "culvert speaks SSH protocol 2 only"},
    Flag{"-B", FlagValue::required, "culvert connects from an address, not from an interface",
         "-b ADDRESS"},
};

[[noreturn]] void fail(const std::string& why, std::string hint = {}) {
    throw Error{ErrorKind::usage, why, Hint{std::move(hint)}};
}

/// What the flags and words of `culvert [user@]host ...` come to, before defaults.
struct TunnelWords {
    SshOptions options;
    std::optional<Destination> destination;
    std::string destination_text;
    std::vector<LocalForward> forwards;
    bool without_ssh_config = false;  ///< -F none: nothing is to be said of ~/.ssh/config
};

void read_word(const std::string& word, TunnelWords& words) {
    if (!words.destination) {
        words.destination = parse_destination(word);
        words.destination_text = word;
        // As with ssh a user or port in the destination counts as said at its place.
        if (!words.destination->user.empty()) {
            require_command_line_user(words.destination->user);
            SshOptions::set(words.options.user, words.destination->user);
        }
        if (words.destination->port) {
            SshOptions::set(words.options.port, *words.destination->port);
        }
        return;
    }
    try {
        words.forwards.push_back(parse_local_forward(word));
    } catch (const Error& error) {
        // What has a ':' is a forward gone wrong, and anything else rather a command.
        if (word.find(':') != std::string::npos) throw;
        fail(fmt::format("{} (culvert runs no remote command: the words after the host are "
                         "forwards)",
                         error.what()),
             std::string{error.hint()});
    }
}

std::vector<std::string> read_ciphers(const std::string& list) {
    try {
        return choose_ciphers(list, default_ciphers());
    } catch (const Error& error) {
        throw with_context("-c", error);
    }
}

void read_tunnel_flag(const Argument& argument, TunnelWords& words, TunnelCommand& command) {
    const std::string& flag = argument.flag;
    const std::string& value = argument.value;
    SshOptions& options = words.options;
    // What is assigned outdoes what was said before, what is set() doesn't: so it is with ssh.
    if (flag == "-L") {
        words.forwards.push_back(parse_local_forward(value));
    } else if (flag == "-C") {
        options.compression = true;
    } else if (flag == "-c") {
        options.ciphers = read_ciphers(value);
    } else if (flag == "-l") {
        require_command_line_user(value);
        SshOptions::set(options.user, value);
    } else if (flag == "-p") {
        const auto port = parse_port(value);
        if (!port || *port == 0) {
            fail(
                fmt::format("-p: '{}' is neither a number from 1 to 65535 nor the name of a TCP "
                            "service",
                            escaped(value, 64)));
        }
        SshOptions::set(options.port, *port);
    } else if (flag == "-i") {
        options.identities.push_back(value);
    } else if (flag == "-o") {
        apply_ssh_option(value, options);
    } else if (flag == "-F") {
        if (value != "none" && value != "/dev/null") {
            fail("-F: culvert reads no ssh_config; only -F none and -F /dev/null are accepted");
        }
        words.without_ssh_config = true;
    } else if (flag == "-b") {
        options.bind_address = parse_bind_address(value);
    } else if (flag == "-4") {
        options.family = AddressFamily::v4;
    } else if (flag == "-6") {
        options.family = AddressFamily::v6;
    } else if (flag == "-g") {
        options.gateway_ports = true;
    } else if (flag == "-f") {
        command.background = true;
    } else if (flag == "-G") {
        command.only_shown = true;
    } else if (flag == "-E") {
        command.log_file = value;
    } else if (flag == "--pid-file") {
        command.pid_file = value;
    } else if (flag == "-y") {
        options.notes.push_back({LogLevel::info,
                                 "-y: messages go to stderr, not to syslog; -E FILE puts them "
                                 "into a file"});
    } else if (flag == "-S" && value != "none") {
        fail(fmt::format("-S: {}", no_sharing));
    } else if (flag == "-I" && value != "none") {
        throw Error{ErrorKind::usage, "-I: culvert takes keys from files and from the agent",
                    Hint{fmt::format("ssh-add -s {}", shell_quoted(value))}};
    }
    // -N -T -n -a -x -k switch off what culvert never does. -e is for a remote shell, -m for
    // ciphers that don't authenticate, and -2 the only protocol.
}

}  // namespace

CommandLine parse_tunnel_command_line(std::span<const std::string> arguments,
                                      const Environment& environment) {
    CommandLine line;
    TunnelCommand command;
    TunnelWords words;
    for (const Argument& argument : split_arguments(arguments, tunnel_flags)) {
        const std::string& flag = argument.flag;
        if (flag == "-h" || flag == "--help") return {PrintCommand{std::string{tunnel_help}}, {}};
        if (flag == "-V" || flag == "--version") {
            return {PrintCommand{version_text("culvert")}, {}};
        }
        if (flag.empty()) {
            read_word(argument.value, words);
        } else if (!line.log.read(flag)) {
            read_tunnel_flag(argument, words, command);
        }
    }
    if (!words.destination) {
        fail("no server is named",
             "culvert alice@gw -L 12345:pop3.example.com:110 names one; --help says more");
    }
    if (words.forwards.empty()) {
        const std::string& word = words.destination_text;
        constexpr std::array<std::string_view, 3> commands{"up", "check", "keygen"};
        if (std::ranges::find(commands, word) != commands.end()) {
            fail(fmt::format("'{}' is a command only as the first word, before any flag", word));
        }
        if (word == "help") fail("'help' is not a command", "culvert --help");
        if (const auto hint = did_you_mean(word, commands); !hint.empty()) {
            fail(fmt::format("'{}' is not a command, and no forward is given{}", escaped(word),
                             hint));
        }
        fail(fmt::format("no forward is given for {}, and culvert runs no remote shell",
                         escaped(word)),
             "give a forward, as in -L 12345:pop3.example.com:110");
    }

    TunnelSettings base = default_tunnel_settings(environment);
    base.name = words.destination->host;
    base.named_host = words.destination->host;
    TunnelSettings& tunnel = command.tunnel;
    tunnel = settings_from(words.options, std::move(base), environment);
    if (tunnel.user.empty()) fail("your login name is unknown", "name the user, as in alice@gw");
    const bool gateway_ports = words.options.gateway_ports.value_or(false);
    for (LocalForward& forward : words.forwards) {
        forward.bind = bind_or_default(forward.bind, gateway_ports);
        const auto is_earlier_and_alike = [&](const LocalForward& other) {
            return &other < &forward && listen_alike(other, forward);
        };
        if (std::ranges::any_of(words.forwards, is_earlier_and_alike)) {
            fail(fmt::format("local port {} is given twice", forward.port));
        }
    }
    tunnel.forwards = std::move(words.forwards);
    if (words.without_ssh_config) tunnel.ssh_config.clear();
    command.notes = std::move(words.options.notes);
    command.threads = words.options.threads.value_or(0);
    if (words.options.log_level && line.log.level == LogLevel::info) {
        line.log.set_level(*words.options.log_level);
    }
    line.command = std::move(command);
    return line;
}

}  // namespace culvert
