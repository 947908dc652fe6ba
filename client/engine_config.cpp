#include "client/engine_config.hpp"

#include "common/config/algorithms.hpp"
#include "common/engine/default_ciphers.hpp"

namespace culvert {

EngineConfig make_engine_config(const TunnelSettings& settings, ClientIdentities identities,
                                std::shared_ptr<WindowBudget> windows) {
    EngineConfig made;
    made.transport.role = Role::client;
    made.transport.algorithms.kex =
        offered_kex_algorithms(settings.kex_algorithms, settings.require_post_quantum);
    made.transport.algorithms.ciphers =
        settings.ciphers.empty() ? default_ciphers() : settings.ciphers;
    made.transport.algorithms.compression = settings.compression;
    made.transport.extensions = {.server_sig_algs = {}, .ping = true, .reset = true};
    const RekeyLimit& rekey = settings.rekey_limit;
    if (rekey.bytes) made.transport.rekey.bytes = *rekey.bytes;
    if (rekey.after) made.transport.rekey.time = *rekey.after;
    made.connection.receive_window = window_sizes(settings.channel_window);
    made.connection.open_time_limit = settings.channel_open;
    made.connection.window_budget = std::move(windows);
    made.keepalive = {settings.keepalive_interval, settings.keepalive_misses};
    made.identities = std::move(identities);
    made.login.grace = settings.connect_timeout;
    return made;
}

}  // namespace culvert
