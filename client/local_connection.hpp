#pragma once

#include "common/forward/forward.hpp"
#include "common/net/accepted.hpp"
#include "common/net/deadline.hpp"

namespace culvert {

/// What connected to one of a tunnel's forwards, until an SSH connection takes it. It can be
/// carried to another thread; dropped, it is reset.
struct LocalConnection {
    Accepted accepted;
    const Forward* forward;  ///< the tunnel's
    Deadline held_until;     ///< how long it may wait for an SSH connection that is up
};

}  // namespace culvert
