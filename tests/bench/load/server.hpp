#pragma once

#include "tests/bench/load/content.hpp"

namespace load {

/// Who carries bulk streams on the server's side.
enum class Carriers {
    threads,  ///< a blocking thread for each: one system call a wake-up
    loop,     ///< one event loop for all, for hundreds of them
};

/// Listens on a free port of 127.0.0.1, prints {"port": N}, and serves sink, source and echo until
/// stdin ends. All echoes are the event loop's.
void serve(const Content& content, Carriers carriers);

}  // namespace load
