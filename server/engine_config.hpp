#pragma once

#include <memory>

#include "common/engine/engine.hpp"
#include "server/config.hpp"

namespace culvert {

/// A connection's engine as the daemon's configuration wants it.
EngineConfig make_engine_config(const ServerConfig& config, const PublicKey& host_key,
                                std::shared_ptr<WindowBudget> windows);

}  // namespace culvert
