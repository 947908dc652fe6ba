#pragma once

#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

#include "common/net/io_thread.hpp"
#include "common/net/on_io_context.hpp"

namespace culvert {

/// The threads over which the SSH connections of a client are spread: one is enough for the
/// program's own to carry everything. It lives on that one.
class IoThreads {
public:
    explicit IoThreads(IoExecutor own_thread) : own_thread_{std::move(own_thread)} {}

    /// As many as are wanted in all: those that run already stay. Where the system has fewer to
    /// give, that is logged, and those that there are will do.
    void start(std::size_t wanted);

    /// Where the next connection is to live. One after the other, so that a tunnel's connections
    /// are on as many as possible.
    IoExecutor next();

private:
    IoExecutor own_thread_;
    std::vector<std::unique_ptr<IoThread>> threads_;  ///< none: the own one carries everything
    std::size_t given_ = 0;
};

}  // namespace culvert
