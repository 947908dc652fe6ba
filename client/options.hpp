#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "client/keygen.hpp"
#include "client/settings.hpp"
#include "client/ssh_options.hpp"
#include "common/config/environment.hpp"
#include "common/log/log_flags.hpp"

namespace culvert {

/// `culvert [user@]host ...`
struct TunnelCommand {
    TunnelSettings tunnel;
    unsigned threads = 0;                 ///< 0: as many as there are CPUs
    bool only_shown = false;              ///< -G: said what it comes to, and nothing done
    bool background = false;              ///< -f: go there once authenticated and bound
    std::optional<std::string> log_file;  ///< -E: instead of stderr
    std::optional<std::string> pid_file;  ///< --pid-file
    std::vector<OptionNote> notes;        ///< to be logged first
};

/// `culvert up [-c FILE] [TUNNEL...]`
struct UpCommand {
    std::string config_file;
    std::vector<std::string> names;       ///< empty: every tunnel of the file
    std::optional<std::string> log_file;  ///< -E: instead of stderr, and of the file's log.file
    std::optional<std::string> pid_file;  ///< --pid-file
};

/// `culvert check [-c FILE]`
struct CheckCommand {
    std::string config_file;
};

/// --help, --version: the text goes to stdout, and that is all.
struct PrintCommand {
    std::string text;
};

struct CommandLine {
    std::variant<TunnelCommand, UpCommand, CheckCommand, KeygenSettings, PrintCommand> command;
    LogFlags log;
};

/// Reads culvert's arguments, without argv[0]. Flags that OpenSSH's ssh has too mean what they mean
/// there. Throws Error{usage} for everything that is not understood; nothing is ignored.
CommandLine parse_command_line(std::span<const std::string> arguments,
                               const Environment& environment);

/// Where `up` and `check` look without -c: /etc/culvert/culvert.yaml for root, else
/// ~/.config/culvert/culvert.yaml.
std::string default_client_config_path(const Environment& environment);

}  // namespace culvert
