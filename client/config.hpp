#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "client/settings.hpp"
#include "common/config/environment.hpp"
#include "common/log/log_settings.hpp"

namespace culvert {

/// The service is ready after so long in any case; systemd/culvert*.service allow for it.
constexpr std::chrono::milliseconds default_ready_timeout{60'000};

struct ClientConfig {
    std::vector<TunnelSettings> tunnels;         ///< in the file's order
    unsigned threads = 0;                        ///< 0: as many as there are CPUs
    std::optional<std::uint64_t> window_memory;  ///< none: default_window_memory()
    std::chrono::milliseconds drain{30'000};     ///< for streams to end, after the first signal
    std::chrono::milliseconds ready_timeout = default_ready_timeout;
    LogSettings log;
};

/// Reads culvert.yaml. Throws Error{config} with file:line:column, the key's path and what to do.
ClientConfig read_client_config(const std::string& path, const Environment& environment);

/// The same from text; `name` stands for the file in errors.
ClientConfig parse_client_config(const std::string& text, const std::string& name,
                                 const Environment& environment);

/// The named tunnels, in the order of the names; all of them without a name. Throws Error{usage}
/// for a tunnel that isn't there, with the nearest one that is.
std::vector<TunnelSettings> select_tunnels(std::vector<TunnelSettings> tunnels,
                                           std::span<const std::string> names);

/// Throws Error{usage} where two of the tunnels want the same local port.
void require_distinct_ports(std::span<const TunnelSettings> tunnels);

}  // namespace culvert
