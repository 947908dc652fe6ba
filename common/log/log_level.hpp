#pragma once

#include <cstddef>

namespace culvert {

/// How much a program says: -q, nothing, -v, -vv. `off` is a limit only: no line has it.
enum class LogLevel { off, error, info, verbose, debug };

/// What a line is about. Each kind can have a limit of its own, so that one is seen without the
/// others.
enum class LogKind { general, logins, connections, forwards, probes };
constexpr std::size_t log_kinds = 5;

enum class LogFormat { text, json };

}  // namespace culvert
