#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "client/background.hpp"
#include "client/check.hpp"
#include "client/client.hpp"
#include "client/config.hpp"
#include "client/identities.hpp"
#include "client/options.hpp"
#include "client/ssh_settings.hpp"
#include "common/base/exit_code.hpp"
#include "common/base/ignored_signals.hpp"
#include "common/base/memory_reserve.hpp"
#include "common/base/no_core_dump.hpp"
#include "common/base/pid_file.hpp"
#include "common/base/standard_descriptors.hpp"
#include "common/base/standard_output.hpp"
#include "common/config/environment.hpp"
#include "common/crypto/sodium.hpp"
#include "common/log/log.hpp"
#include "common/net/descriptor_limit.hpp"

namespace culvert {
namespace {

/// One function for each command; std::visit picks it.
class Run {
public:
    explicit Run(const Environment& environment) noexcept : environment_{environment} {}

    ExitCode operator()(TunnelCommand& command) const {
        if (command.only_shown) {
            print(as_ssh_settings(command.tunnel));
            return exit_as_asked;
        }
        if (command.log_file) log_to_file(*command.log_file);
        for (const OptionNote& note : command.notes) log_at(note.level, "{}", note.text);
        std::optional<Background> background;
        if (command.background) background.emplace(Background::enter());
        // As with ssh -f, what -E or -v wants to be read goes on.
        const bool stderr_is_wanted = command.log_file || logs(LogLevel::verbose);
        const auto on_up = [&] {
            if (background) {
                background->ready(stderr_is_wanted ? BackgroundStderr::stays
                                                   : BackgroundStderr::is_let_go);
            }
        };
        ClientConfig config;
        config.tunnels = {std::move(command.tunnel)};
        config.tunnels[0].required = true;  // it fails, or it is up
        config.threads = command.threads;
        return carry(std::move(config), FirstFailure::ends, command.pid_file, on_up);
    }

    ExitCode operator()(const UpCommand& command) const {
        if (command.log_file) log_to_file(*command.log_file);
        const auto load = [&] {
            ClientConfig config = read_client_config(command.config_file, environment_);
            config.tunnels = select_tunnels(std::move(config.tunnels), command.names);
            require_distinct_ports(config.tunnels);
            return config;
        };
        return carry(
            load(), FirstFailure::is_outlived, command.pid_file, [] {}, load);
    }

    ExitCode operator()(const CheckCommand& command) const {
        const ClientConfig config = read_client_config(command.config_file, environment_);
        const auto& tunnels = config.tunnels;
        for (const TunnelSettings& tunnel : tunnels) (void)Identities{tunnel};
        print(describe(tunnels));
        require_distinct_ports(tunnels);
        check_log(config.log);
        return exit_as_asked;
    }

    ExitCode operator()(const KeygenSettings& settings) const {
        SystemRandom random;
        const bool made = generate_key_pair(settings, random, keygen_terminal_of_process());
        return made ? exit_as_asked : exit_work_failed;
    }

    ExitCode operator()(const PrintCommand& command) const {
        print(command.text);
        return exit_as_asked;
    }

private:
    static ExitCode carry(ClientConfig config, FirstFailure first_failure,
                          const std::optional<std::string>& pid_path, std::function<void()> on_up,
                          Client::Loader reload = {}) {
        std::optional<PidFile> pid_file;
        if (pid_path) pid_file.emplace(*pid_path);
        // A successor may start while this one's streams end: its ports are free then, too.
        const auto on_ending = [&] {
            if (pid_file) pid_file->let_go();
        };
        use_log(config.log);
        raise_descriptor_limit();
        keep_memory_reserve();
        start_log_thread();
        Client client{
            std::move(config),
            first_failure,
            {.on_up = std::move(on_up), .on_ending = on_ending, .reload = std::move(reload)}};
        return client.run();
    }

    const Environment& environment_;
};

ExitCode run(std::span<const std::string> arguments) {
    ignore_signals_of_writes();
    open_missing_standard_descriptors();
    forbid_core_dumps();
    start_log("culvert");
    try {
        start_crypto();
        const Environment environment = process_environment();
        CommandLine command_line = parse_command_line(arguments, environment);
        start_log("culvert", command_line.log);
        return std::visit(Run{environment}, command_line.command);
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
