#pragma once

#include <optional>

#include "common/base/time.hpp"
#include "common/compression/compressor.hpp"

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

    /// Long beside a single blocked send, short beside what a user waits for.
    static constexpr Duration period = std::chrono::milliseconds{250};
    // `thorough` takes twice as long (zstd.cpp): of two thirds of the time spent
    // waiting it leaves a third. So it doesn't go back and forth between the two.
    static constexpr int percent_for_thorough = 66;
    static constexpr int percent_for_quick = 15;

private:
    CompressionLevel level_ = CompressionLevel::quick;
    TimePoint began_{};
    Duration blocked_{};
    std::optional<TimePoint> blocked_since_;
};

}  // namespace culvert
