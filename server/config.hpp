#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "common/auth/authorized_keys.hpp"
#include "common/base/endpoint.hpp"
#include "common/base/trusted_file.hpp"
#include "common/config/environment.hpp"
#include "common/config/rekey_limit.hpp"
#include "common/connection/window.hpp"
#include "common/log/log_settings.hpp"
#include "server/policy.hpp"

namespace culvert {

/// sshd's max_startups: from `begin` unauthenticated connections on, `percent` of new ones are
/// dropped, rising to all of them at `full`.
struct MaxStartups {
    unsigned begin = 10;
    unsigned percent = 30;
    unsigned full = 100;

    friend bool operator==(const MaxStartups&, const MaxStartups&) = default;
};

struct ServerLimits {
    std::chrono::milliseconds login_grace{30'000};
    std::chrono::milliseconds login_grace_with_key{120'000};  ///< from the first USERAUTH_PK_OK on
    unsigned auth_tries = 6;
    std::size_t channels = 16'384;  ///< of one connection
    std::chrono::milliseconds channel_open{10'000};
    std::uint32_t channel_window = WindowSizes{}.largest;  ///< a channel's largest, in bytes
    std::optional<std::uint64_t> window_memory;  ///< of all channels; none: default_window_memory()
    std::chrono::milliseconds keepalive_interval{15'000};  ///< 0: none
    unsigned keepalive_misses = 3;
    MaxStartups max_startups;
    unsigned unauthenticated_per_source = 32;
    std::chrono::milliseconds drain{30'000};

    friend bool operator==(const ServerLimits&, const ServerLimits&) = default;
};

struct UserConfig {
    std::vector<AuthorizedKey> authorized_keys;
    std::vector<std::string> authorized_keys_files;  ///< read afresh at each lookup
    std::vector<OpenRule> permit_open{OpenRule{}};   ///< OpenRule{} is `*:*`
};

/// What culvertd does, from a file or from quick flags. Never changed once made: a reload makes
/// another and swaps it in.
struct ServerConfig {
    std::vector<Endpoint> listen;          ///< host "*": all addresses, both families; port 0: free
    std::vector<std::string> host_keys;    ///< paths; a missing file is made; empty: the default
    std::vector<std::string> ciphers;      ///< wire names in order; empty: the default order
    std::vector<std::string> compression;  ///< wire names in order, never empty
    std::vector<std::string> kex_algorithms;  ///< as ciphers
    bool require_strict_kex = false;
    bool require_post_quantum = false;
    RekeyLimit rekey_limit;
    unsigned threads = 0;  ///< 0: as many as there are CPUs

    std::vector<std::string> files;  ///< those that it was read from

    std::map<std::string, UserConfig, std::less<>> users;
    /// --authorized-keys: whoever proves a key of these files is let in, under any user name.
    std::vector<std::string> any_user_keys_files;

    ServerLimits limits;
    LogSettings log;
};

/// What holds where nothing is said: all addresses, port 2222; nobody may log in.
ServerConfig default_server_config();

/// Reads culvertd.yaml. Throws Error{config} with file:line:column, the key's path and what to do,
/// also if the file is not to be trusted (trusted_file.hpp): `owners` may own it; what it includes
/// belongs to root or the user that this process runs as.
ServerConfig read_server_config(const std::string& path, const Environment& environment,
                                const TrustedOwners& owners = {});

/// The same from text; `name` stands for the file in errors.
ServerConfig parse_server_config(const std::string& text, const std::string& name,
                                 const Environment& environment);

/// Where a host key that nobody named is kept: /etc/culvert for root, else
/// $XDG_STATE_HOME/culvert (~/.local/state/culvert). Throws Error{config} where neither is known.
std::string default_host_key_path(const Environment& environment);

}  // namespace culvert
