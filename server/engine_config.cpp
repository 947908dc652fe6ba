#include "server/engine_config.hpp"

#include <algorithm>

#include "common/config/algorithms.hpp"
#include "common/engine/default_ciphers.hpp"

namespace culvert {

EngineConfig make_engine_config(const ServerConfig& config, const PublicKey& host_key,
                                std::shared_ptr<WindowBudget> windows) {
    EngineConfig made;
    made.transport.role = Role::server;
    made.transport.host_key = host_key;
    made.transport.algorithms.ciphers = config.ciphers.empty() ? default_ciphers() : config.ciphers;
    made.transport.algorithms.kex =
        offered_kex_algorithms(config.kex_algorithms, config.require_post_quantum);
    made.transport.algorithms.compression = config.compression;
    made.transport.extensions = {.server_sig_algs = {"ssh-ed25519"}, .ping = true, .reset = true};
    made.transport.require_strict_kex = config.require_strict_kex;
    const RekeyLimit& rekey = config.rekey_limit;
    if (rekey.bytes) made.transport.rekey.bytes = *rekey.bytes;
    if (rekey.after) made.transport.rekey.time = *rekey.after;

    made.connection.accepts.set(place_of<DirectTcpip>);
    made.connection.channel_limit = config.limits.channels;
    made.connection.receive_window = window_sizes(config.limits.channel_window);
    made.connection.window_budget = std::move(windows);
    made.keepalive = {config.limits.keepalive_interval, config.limits.keepalive_misses};
    made.userauth.tries = config.limits.auth_tries;
    // `none`, and a question before each try: the limit against floods must not come first.
    made.userauth.requests = std::max(made.userauth.requests, 1 + 2 * config.limits.auth_tries);
    made.login.grace = config.limits.login_grace;
    made.login.grace_with_key = config.limits.login_grace_with_key;
    return made;
}

}  // namespace culvert
