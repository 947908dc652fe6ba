#include <iostream>
#include <optional>
#include <string>
#include <vector>

#include "client/background.hpp"
#include "client/check.hpp"
#include "client/client.hpp"
#include "client/config.hpp"
#include "client/identities.hpp"
#include "client/options.hpp"
#include "common/base/exit_code.hpp"
#include "common/base/memory_reserve.hpp"
#include "common/base/no_core_dump.hpp"
#include "common/config/surroundings.hpp"
#include "common/crypto/sodium.hpp"
#include "common/log/log.hpp"
#include "common/net/descriptor_limit.hpp"

namespace culvert {
namespace {

void print(std::string_view text) { std::cout << text << std::flush; }

/// One function for each command; std::visit picks it.
class Run {
public:
    explicit Run(const Surroundings& surroundings) noexcept : surroundings_{surroundings} {}

    ExitCode operator()(TunnelCommand& command) const {
        std::optional<Background> background;
        if (command.background) background.emplace(Background::enter());
        ClientConfig config{.tunnels = {std::move(command.tunnel)},
                            .threads = command.threads,
                            .window_memory = {}};
        return carry(std::move(config), FirstFailure::ends, std::move(background));
    }

    ExitCode operator()(const UpCommand& command) const {
        ClientConfig config = read_client_config(command.config_file, surroundings_);
        config.tunnels = select_tunnels(std::move(config.tunnels), command.names);
        require_distinct_ports(config.tunnels);
        return carry(std::move(config), FirstFailure::is_outlived, std::nullopt);
    }

    ExitCode operator()(const CheckCommand& command) const {
        const auto tunnels = read_client_config(command.config_file, surroundings_).tunnels;
        for (const TunnelSettings& tunnel : tunnels) (void)Identities{tunnel};
        print(describe(tunnels));
        require_distinct_ports(tunnels);
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
                          std::optional<Background> background) {
        raise_descriptor_limit();
        keep_memory_reserve();
        Client client{std::move(config), first_failure, [&background] {
                          if (background) background->ready();
                      }};
        client.run();
        return exit_as_asked;
    }

    const Surroundings& surroundings_;
};

ExitCode run(std::span<const std::string> arguments) {
    forbid_core_dumps();
    start_log("culvert");
    try {
        start_crypto();
        const Surroundings surroundings = surroundings_of_process();
        CommandLine command_line = parse_command_line(arguments, surroundings);
        start_log("culvert", command_line.log);
        return std::visit(Run{surroundings}, command_line.command);
    } catch (const Error& error) {
        log_error("{}", error.what());
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
    return culvert::run(arguments);
}
