#include "server/probe_count.hpp"

#include <array>
#include <cstdint>

#include <fmt/format.h>

#include "common/log/log.hpp"

namespace culvert {

void ProbeCount::add(std::string_view from, std::string_view how, TimePoint now) {
    log_at({LogLevel::verbose, LogKind::probes}, "{}: {}", from, how);
    if (!logs({LogLevel::info, LogKind::probes})) return;
    const std::lock_guard lock{mutex_};
    if (count_++ == 0) span_began_ = now;
    last_from_ = from;
    last_how_ = how;
}

void ProbeCount::report(TimePoint now) {
    const std::lock_guard lock{mutex_};
    if (count_ == 0 || now - span_began_ < span) return;
    const std::array fields{LogField{"count", std::uint64_t{count_}}, LogField{"from", last_from_},
                            LogField{"end", last_how_}};
    log_event({LogLevel::info, LogKind::probes}, "probes", fields,
              fmt::format("{} probe{}: connections that ended before the client's version line; "
                          "the last one: {}: {}",
                          count_, count_ == 1 ? "" : "s", last_from_, last_how_));
    count_ = 0;
}

}  // namespace culvert
