#pragma once

#include <optional>

#include "common/base/time.hpp"
#include "common/compression/compressor.hpp"
#include "common/pacing/limits.hpp"

namespace culvert {

/// Is there time to compress harder? There is when output waits for the connection most of the
/// time; when the connection takes all that comes, the compressor is what others wait for.
class AdaptiveLevel {
public:
    CompressionLevel level() const noexcept { return level_; }

    /// The connection takes no more for now.
    void on_output_blocked(TimePoint now) noexcept;
    /// It takes more again, or still does.
    void on_output_taken(TimePoint now) noexcept;

    static constexpr Duration period = limits::compression::period;

private:
    CompressionLevel level_ = CompressionLevel::quick;
    TimePoint began_{};
    Duration blocked_{};
    std::optional<TimePoint> blocked_since_;
};

}  // namespace culvert
