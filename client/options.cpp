#include "client/options.hpp"

#include <unistd.h>

#include <array>

#include <fmt/format.h>

#include "client/help.hpp"
#include "client/ssh_tokens.hpp"
#include "client/tunnel_options.hpp"
#include "common/base/characters.hpp"
#include "common/base/error.hpp"
#include "common/base/escape.hpp"
#include "common/base/shell_quote.hpp"
#include "common/config/arguments.hpp"

namespace culvert {
namespace {

constexpr std::array up_flags{
    Flag{"-c", FlagValue::required},
    Flag{"-E", FlagValue::required},
    Flag{"--pid-file", FlagValue::required},
    Flag{"-v"},
    Flag{"-q"},
    Flag{"-h"},
    Flag{"--help"},
    Flag{"--log-time"},
    Flag{"--log-json"},
};

constexpr std::array check_flags{
    Flag{"-c", FlagValue::required},
    Flag{"-h"},
    Flag{"--help"},
};

constexpr std::array keygen_flags{
    Flag{"-t", FlagValue::required},
    Flag{"-f", FlagValue::required},
    Flag{"-N", FlagValue::required},
    Flag{"-C", FlagValue::required},
    Flag{"-q"},
    Flag{"-h"},
    Flag{"--help"},
    Flag{"-p", FlagValue::none, "culvert keygen doesn't change passphrases",
         "ssh-keygen -p -f FILE"},
    Flag{"-b", FlagValue::required, "all Ed25519 keys have the same size"},
};

[[noreturn]] void fail(const std::string& why, std::string hint = {}) {
    throw Error{ErrorKind::usage, why, Hint{std::move(hint)}};
}

CommandLine print(std::string_view text) { return {PrintCommand{std::string{text}}, {}}; }

std::string config_path(const std::string& written, const Environment& environment) {
    if (written.empty()) fail("-c: the file name is empty");
    return expand_option_path(written, environment);
}

CommandLine read_up(std::span<const std::string> arguments, const Environment& environment) {
    CommandLine line;
    UpCommand up;
    for (const Argument& argument : split_arguments(arguments, up_flags)) {
        const std::string& flag = argument.flag;
        if (flag == "-h" || flag == "--help") return print(up_help);
        if (flag.empty()) {
            up.names.push_back(argument.value);
        } else if (flag == "-E") {
            up.log_file = argument.value;
        } else if (flag == "--pid-file") {
            up.pid_file = argument.value;
        } else if (!line.log.read(flag)) {
            up.config_file = config_path(argument.value, environment);
        }
    }
    if (up.config_file.empty()) up.config_file = default_client_config_path(environment);
    line.command = std::move(up);
    return line;
}

CommandLine read_check(std::span<const std::string> arguments, const Environment& environment) {
    CheckCommand check;
    for (const Argument& argument : split_arguments(arguments, check_flags)) {
        if (argument.flag == "-h" || argument.flag == "--help") return print(check_help);
        if (argument.flag.empty()) {
            fail(fmt::format("'{}': culvert check takes no arguments", escaped(argument.value)),
                 "culvert check -c " + shell_quoted(argument.value));
        }
        check.config_file = config_path(argument.value, environment);
    }
    if (check.config_file.empty()) check.config_file = default_client_config_path(environment);
    return {std::move(check), {}};
}

std::string default_comment(const Environment& environment) {
    std::array<char, 256> host{};
    if (::gethostname(host.data(), host.size() - 1) != 0) return environment.login;
    return fmt::format("{}@{}", environment.login, host.data());
}

CommandLine read_keygen(std::span<const std::string> arguments, const Environment& environment) {
    KeygenSettings keygen;
    keygen.comment = default_comment(environment);
    for (const Argument& argument : split_arguments(arguments, keygen_flags)) {
        const std::string& flag = argument.flag;
        const std::string& value = argument.value;
        if (flag == "-h" || flag == "--help") return print(keygen_help);
        if (flag.empty()) {
            fail(fmt::format("'{}': culvert keygen takes no arguments", escaped(value)),
                 "culvert keygen -f " + shell_quoted(value));
        } else if (flag == "-t" && value != "ed25519") {
            fail(
                fmt::format("-t {}: culvert makes ed25519 keys only; every current SSH server "
                            "accepts them",
                            escaped(value, 64)));
        } else if (flag == "-f") {
            keygen.file = expand_option_path(value, environment);
        } else if (flag == "-N" && !value.empty()) {
            fail(
                "-N: culvert keygen makes only keys without a passphrase",
                "make the key without -N, give it a passphrase with ssh-keygen -p -f FILE, and use "
                "it through ssh-agent");
        } else if (flag == "-C") {
            if (has_control(value)) {
                fail("-C: the comment has control characters in it");
            }
            keygen.comment = value;
        } else if (flag == "-q") {
            keygen.quiet = true;
        }
    }
    if (keygen.file.empty()) {
        if (environment.home.empty()) fail("HOME is not set", "name the key file with -f FILE");
        keygen.file = environment.home + "/.ssh/id_ed25519";
    }
    return {std::move(keygen), {}};
}

}  // namespace

CommandLine parse_command_line(std::span<const std::string> arguments,
                               const Environment& environment) {
    if (!arguments.empty()) {
        const std::string& first = arguments.front();
        const auto rest = arguments.subspan(1);
        if (first == "up") return read_up(rest, environment);
        if (first == "check") return read_check(rest, environment);
        if (first == "keygen") return read_keygen(rest, environment);
    }
    return parse_tunnel_command_line(arguments, environment);
}

std::string default_client_config_path(const Environment& environment) {
    if (environment.root) return "/etc/culvert/culvert.yaml";
    if (environment.home.empty()) fail("HOME is not set", "name the file with -c FILE");
    return environment.home + "/.config/culvert/culvert.yaml";
}

}  // namespace culvert
