#pragma once

#include "common/net/awaitable.hpp"

namespace culvert {

/// Runs both until both have ended. The first failure cancels the other, waits for its end, and is
/// thrown; a later one is its consequence and is dropped. Cancelling this cancels both.
awaitable<void> both(awaitable<void> first, awaitable<void> second);

}  // namespace culvert
