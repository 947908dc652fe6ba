#pragma once

#include <optional>

#include "common/base/time.hpp"
#include "common/transport/compression.hpp"

namespace culvert {

/// Is there time to compress harder? There is when output waits for the connection most of the
/// time; when the connection takes all that comes, the compressor is what others wait for.
class CompressionHeadroom {
public:
    CompressionPace pace() const noexcept { return pace_; }

    /// The connection takes no more for now.
    void on_output_blocked(TimePoint now) noexcept;
    /// It takes more again, or still does.
    void on_output_taken(TimePoint now) noexcept;

    /// Long beside a single blocked send, short beside what a user waits for.
    static constexpr Duration period = std::chrono::milliseconds{250};
    // `thorough` takes twice as long (compression_zstd.cpp): of two thirds of the time spent
    // waiting it leaves a third. So it doesn't go back and forth between the two.
    static constexpr int percent_for_thorough = 66;
    static constexpr int percent_for_quick = 15;

private:
    CompressionPace pace_ = CompressionPace::quick;
    TimePoint began_{};
    Duration blocked_{};
    std::optional<TimePoint> blocked_since_;
};

}  // namespace culvert
