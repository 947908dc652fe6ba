#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "common/base/endpoint.hpp"
#include "common/config/environment.hpp"
#include "common/log/log_flags.hpp"
#include "server/config.hpp"

namespace culvert {

/// culvertd's flags, as far as they say what it serves.
struct ServeCommand {
    std::optional<std::string> config_file;  ///< none: quick flags alone
    bool config_file_named = false;          ///< by -c
    std::vector<Endpoint> listen;            ///< -p and --listen; go before the file's
    std::vector<std::string> authorized_keys;
    std::vector<std::string> host_keys;   ///< go before the file's
    bool check_only = false;              ///< -t
    std::optional<std::string> check_as;  ///< --user
    bool check_reload = false;            ///< --reload
};

/// --help, --version: the text goes to stdout, and that is all.
struct PrintText {
    std::string text;
};

struct ServerCommandLine {
    std::variant<ServeCommand, PrintText> command;
    LogFlags log;
};

/// Reads culvertd's arguments, without argv[0]. Throws Error{usage} for everything that is not
/// understood; nothing is ignored.
ServerCommandLine parse_server_command_line(std::span<const std::string> arguments);

/// The configuration that the flags and the file they name come to; at a reload it is called again.
/// Throws Error{config}, also when nobody could ever log in.
ServerConfig server_config_of(const ServeCommand& command, const Environment& environment);

/// The same, after a look at the files of --authorized-keys: throws Error{config} if one can't be
/// used. The users' own files are for check_user_key_files().
ServerConfig load_server_config(const ServeCommand& command, const Environment& environment);

}  // namespace culvert
