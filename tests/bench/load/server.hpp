#pragma once

#include "tests/bench/load/content.hpp"

namespace load {

/// Listens on a free port of 127.0.0.1, prints {"port": N}, and serves sink, source and echo until
/// stdin ends. Bulk streams have a blocking thread each, all echoes one event loop.
void serve(const Content& content);

}  // namespace load
