#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "client/settings.hpp"
#include "common/config/environment.hpp"
#include "common/config/rekey_limit.hpp"
#include "common/log/log.hpp"

namespace culvert {

/// What is to be said of an option, once it is known how much is said.
struct OptionNote {
    LogLevel level;
    std::string text;
};

/// What the flags and -o have said so far. As with ssh the first -o on a matter holds, -l and -p
/// count as one, every other flag outdoes what was said before, and identities add up.
struct SshOptions {
    std::optional<std::string> user;
    std::optional<std::string> host_name;
    std::optional<std::uint16_t> port;
    std::optional<std::string> host_key_alias;
    std::optional<std::string> bind_address;
    std::optional<AddressFamily> family;

    std::vector<std::string> identities;  ///< this path and the others are as written
    bool no_default_identity = false;     ///< IdentityFile=none
    std::optional<bool> identities_only;
    std::optional<std::string> agent;  ///< as written: none, SSH_AUTH_SOCK, $NAME or a path

    std::optional<bool> batch_mode;
    std::optional<StrictHostKeyChecking> strict_host_key_checking;
    std::optional<std::vector<std::string>> user_known_hosts;
    std::optional<std::vector<std::string>> global_known_hosts;
    std::optional<bool> hash_known_hosts;

    std::optional<std::vector<std::string>> ciphers;
    std::optional<std::vector<std::string>> kex_algorithms;
    std::optional<bool> require_post_quantum;  ///< culvert's own
    std::optional<bool> compression;
    std::optional<RekeyLimit> rekey_limit;

    std::optional<bool> exit_on_forward_failure;
    std::optional<bool> gateway_ports;
    std::optional<std::chrono::seconds> connect_timeout;
    std::optional<unsigned> connection_attempts;
    std::optional<std::chrono::seconds> alive_interval;
    std::optional<unsigned> alive_count_max;
    std::optional<bool> tcp_keepalive;
    std::optional<unsigned> connections;  ///< this one and the next are culvert's own
    std::optional<unsigned> threads;
    std::optional<LogLevel> log_level;

    std::vector<std::string> ignore_unknown;  ///< patterns of names that are no error
    std::vector<OptionNote> notes;            ///< of what was taken and does nothing

    /// A value goes where nothing was said before.
    template <class Field, class Value>
    static void set(std::optional<Field>& field, Value&& value) {
        if (!field) field = std::forward<Value>(value);
    }
};

/// Reads what stands after -o: `Name=value` or `Name value`, names without regard to case, values
/// with the quotes of ssh_config(5). Throws Error{usage} for an option or a value that is not
/// understood.
void apply_ssh_option(std::string_view text, SshOptions& options);

/// An IP address in any spelling, as -b and BindAddress take it. Throws Error{usage}.
std::string parse_bind_address(std::string_view text);

/// `base` with everything that was said put in: paths with `~`, ${NAME} and ssh's tokens replaced.
/// Throws Error{usage}.
TunnelSettings settings_from(const SshOptions& options, TunnelSettings base,
                             const Environment& environment);

}  // namespace culvert
