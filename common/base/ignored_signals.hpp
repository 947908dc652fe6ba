#pragma once

namespace culvert {

/// Ignores the signals that a write may cause, SIGPIPE and SIGXFSZ: then the write fails, which its
/// caller sees. To be called first.
void ignore_signals_of_writes() noexcept;

/// Set so by what started the program, which wants it to stay so: nohup, or `&` in a script.
bool is_ignored(int signal) noexcept;

}  // namespace culvert
