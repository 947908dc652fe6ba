#pragma once

#include "common/net/awaitable.hpp"
#include "common/net/on_io_context.hpp"

namespace culvert {

/// How a server is reached: directly, or by whatever leads there.
class Connector {
public:
    virtual ~Connector() = default;

    /// A stream to the server, on the caller's executor and non-blocking. Throws Error that says
    /// why there is none, and operation_aborted when cancelled.
    virtual awaitable<StreamSocket> connect() = 0;
};

}  // namespace culvert
