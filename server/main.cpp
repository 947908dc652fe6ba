#include <vector>

#include "common/base/exit_code.hpp"
#include "common/base/ignored_signals.hpp"
#include "common/base/memory_reserve.hpp"
#include "common/base/no_core_dump.hpp"
#include "common/base/standard_descriptors.hpp"
#include "common/base/standard_output.hpp"
#include "common/crypto/sodium.hpp"
#include "common/log/log.hpp"
#include "common/net/descriptor_limit.hpp"
#include "server/check.hpp"
#include "server/daemon.hpp"
#include "server/host_key.hpp"
#include "server/key_files.hpp"
#include "server/options.hpp"

namespace culvert {
namespace {

Served load(const ServeCommand& command, const Environment& environment, Random& random,
            Daemon::Loading when) {
    auto config = std::make_shared<const ServerConfig>(load_server_config(command, environment));
    check_user_key_files(*config);
    const HostKeyFile file = host_key_file(command, *config);
    auto host_key = std::make_shared<const PrivateKey>(when == Daemon::Loading::at_start
                                                           ? load_or_make_host_key(file, random)
                                                           : load_host_key(file));
    return {std::move(config), std::move(host_key)};
}

ExitCode serve(const ServeCommand& command) {
    const Environment environment = process_environment();
    if (command.check_only) return check(command, environment);
    raise_descriptor_limit();
    keep_memory_reserve();
    start_log_thread();
    SystemRandom random;
    Daemon{[&](Daemon::Loading when) { return load(command, environment, random, when); }}.run();
    return exit_as_asked;
}

ExitCode run(std::span<const std::string> arguments) {
    ignore_signals_of_writes();
    open_missing_standard_descriptors();
    forbid_core_dumps();
    start_log("culvertd");
    try {
        start_crypto();
        const ServerCommandLine command_line = parse_server_command_line(arguments);
        start_log("culvertd", command_line.log);
        if (const auto* print = std::get_if<PrintText>(&command_line.command)) {
            culvert::print(print->text);
            return exit_as_asked;
        }
        return serve(std::get<ServeCommand>(command_line.command));
    } catch (const Error& error) {
        log_error(error);
        return exit_code(error);
    } catch (const std::exception& error) {
        log_error("{}", error.what());
        return exit_work_failed;
    }
}

}  // namespace
}  // namespace culvert

int main(int argc, char** argv) {
    const std::vector<std::string> arguments{argv + 1, argv + argc};
    const auto exit_code = culvert::run(arguments);
    culvert::flush_log();
    return exit_code;
}
