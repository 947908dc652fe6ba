#pragma once

#include "client/settings.hpp"
#include "common/engine/engine.hpp"

namespace culvert {

/// A connection's engine as the tunnel's settings want it. `identities` are in the order in which
/// they are tried.
EngineConfig make_engine_config(const TunnelSettings& settings, ClientIdentities identities,
                                std::shared_ptr<WindowBudget> windows);

}  // namespace culvert
