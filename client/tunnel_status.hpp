#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace culvert {

/// What a tunnel has and what it lacks, at one moment. Its texts are escaped.
struct TunnelStatus {
    std::string name;
    std::string log_tag;           ///< as in TunnelSettings
    bool required = false;         ///< the service is not ready before it is up
    bool listeners_tried = false;  ///< each of them is bound, or has failed once
    bool has_been_up = false;
    std::size_t connections = 1;         ///< that are wanted
    std::size_t up = 0;                  ///< of these, logged in now
    std::string failure;                 ///< of the last loss or try, while none is up
    std::vector<std::string> not_bound;  ///< local addresses, as in `localhost:8080`
    std::optional<std::string> ended;    ///< why it has ended for good
    std::size_t streams = 0;             ///< open now

    bool is_whole() const noexcept { return !ended && up == connections && not_bound.empty(); }
};

/// `up`, `down: gw:22: connection refused`, `up, but not listening on localhost:8080`. For a log:
/// the reason is whole.
std::string describe(const TunnelStatus& tunnel);

/// One line about all of them, each by its name, those that lack something first:
/// `1 of 2 tunnels up; news: down: gw:22: connection refused; mail: up`. Bounded, and without line
/// breaks: systemd takes no longer message.
std::string describe(std::span<const TunnelStatus> tunnels);

/// What `culvert up` promises under systemd: every listener was tried, and the required tunnels are
/// up.
bool is_ready(std::span<const TunnelStatus> tunnels);

}  // namespace culvert
