#pragma once

#include <cstddef>
#include <mutex>
#include <string>
#include <string_view>

#include "common/base/time.hpp"

namespace culvert {

/// Connections that end before a whole version line of the client has come, whatever it sent:
/// health checks and scanners. They are counted, and one line a minute says how many. From any
/// thread.
class ProbeCount {
public:
    static constexpr Duration span = std::chrono::minutes{1};

    /// `from` is the peer's address, `how` the end's reason, escaped. With `probes: verbose` it has
    /// a line of its own, too.
    void add(std::string_view from, std::string_view how, TimePoint now);

    /// Writes the line about a span that is over; to be called once in a while.
    void report(TimePoint now);
    /// For the end of the program.
    void log_rest() { report(TimePoint::max()); }

private:
    std::mutex mutex_;
    TimePoint span_began_;
    std::size_t count_ = 0;
    std::string last_from_;
    std::string last_how_;
};

}  // namespace culvert
