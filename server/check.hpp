#pragma once

#include "common/base/exit_code.hpp"
#include "common/config/environment.hpp"
#include "server/host_key.hpp"
#include "server/options.hpp"

namespace culvert {

/// culvertd -t: says what would fail at the start, as far as it can be known: the configuration,
/// the files that it names, and the addresses to listen on. With --user as that user; with --reload
/// without what a running daemon has already, its host key and its ports. All that is wrong is
/// logged; the exit code is that of the first error. A user's bad key file is none, unless --user
/// asks what that user can read.
ExitCode check(const ServeCommand& command, const Environment& environment);

/// The host key that is shown to clients. One that the command line names may belong to anybody.
HostKeyFile host_key_file(const ServeCommand& command, const ServerConfig& config);

}  // namespace culvert
