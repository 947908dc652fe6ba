#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/base/endpoint.hpp"
#include "common/config/rekey_limit.hpp"
#include "common/connection/window.hpp"
#include "common/forward/forward.hpp"
#include "common/net/address.hpp"

namespace culvert {

/// OpenSSH's StrictHostKeyChecking. `accept_new` takes only a host that is known by no key at all.
enum class StrictHostKeyChecking { yes, accept_new, ask, no };

/// What becomes of a local connection made while the tunnel is down.
enum class WhileDown { hold, reset };

/// More than these would take all of an sshd's MaxStartups and more file descriptors than they are
/// worth.
constexpr unsigned most_connections = 64;
constexpr unsigned most_threads = 1'024;

/// Only one of the two could be bound.
inline bool listen_alike(const LocalForward& one, const LocalForward& other) {
    return one.port != 0 && one.port == other.port && one.bind == other.bind;
}

/// One tunnel as it was asked for, on the command line or in culvert.yaml: everything is checked,
/// defaults are filled in, paths are expanded. `~` and variables are gone from every path.
struct TunnelSettings {
    std::string name;       ///< the key in culvert.yaml; on the command line the host as written
    std::string log_tag;    ///< ends each of its log lines: ` [mail]`; empty on the command line
    bool required = false;  ///< the service is not ready before this tunnel is up

    std::string user;
    std::string named_host;                     ///< the server as the user wrote it
    Endpoint server;                            ///< where to connect: the host is canonical
    AddressFamily family = AddressFamily::any;  ///< of the server's address and of what we bind
    std::optional<std::string> bind_address;    ///< an IP address: the connection's own end

    std::vector<std::string> identities;  ///< files that were named; may be missing when defaulted
    bool identities_defaulted = true;     ///< nobody named one: a missing file is no error
    bool identities_only = false;         ///< of the agent's keys only those named in identities
    std::optional<std::string> agent;     ///< the agent's socket; none: no agent is to be asked

    StrictHostKeyChecking strict_host_key_checking = StrictHostKeyChecking::ask;
    bool batch_mode = false;                      ///< never asks
    std::optional<std::string> host_key_pin;      ///< "SHA256:...", goes before known_hosts
    std::string host_key_alias;                   ///< looked up instead of [host]:port; or empty
    std::vector<std::string> user_known_hosts;    ///< the first is written to
    std::vector<std::string> global_known_hosts;  ///< read only
    bool hash_known_hosts = false;                ///< new entries get hashed names

    /// ssh's configuration, read for one thing only: the hint that it knows a host we don't.
    std::string ssh_config;

    std::vector<std::string> ciphers;         ///< wire names in order; empty: the default order
    std::vector<std::string> compression;     ///< wire names in order, never empty
    std::vector<std::string> kex_algorithms;  ///< wire names in order; empty: the default order
    bool require_post_quantum = false;        ///< of these, offers only the post-quantum ones

    /// SSH connections over which its streams are spread, from 1 to most_connections.
    unsigned connections = 1;

    std::vector<LocalForward> forwards;
    bool exit_on_forward_failure = false;

    std::chrono::milliseconds connect_timeout{30'000};
    std::chrono::milliseconds channel_open{15'000};  ///< for the server to reach a target
    unsigned connection_attempts = 1;  ///< before the first success, on the command line
    std::chrono::milliseconds keepalive_interval{15'000};  ///< 0: none
    unsigned keepalive_misses = 3;                         ///< 0: the first silence is too much
    bool tcp_keepalive = true;
    std::uint32_t channel_window = WindowSizes{}.largest;  ///< a channel's largest, in bytes
    WhileDown while_down = WhileDown::hold;
    std::chrono::milliseconds hold_for{5'000};

    RekeyLimit rekey_limit;

    friend bool operator==(const TunnelSettings&, const TunnelSettings&) = default;
};

}  // namespace culvert
