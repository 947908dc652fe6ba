#include "common/compression/adaptive_level.hpp"

namespace culvert {

void AdaptiveLevel::on_output_blocked(TimePoint now) noexcept {
    if (!blocked_since_) blocked_since_ = now;
}

void AdaptiveLevel::on_output_taken(TimePoint now) noexcept {
    if (blocked_since_) blocked_ += now - *blocked_since_;
    blocked_since_.reset();
    const Duration took = now - began_;
    if (took < period) return;
    if (blocked_ * 100 >= took * limits::compression::percent_for_thorough)
        level_ = CompressionLevel::thorough;
    if (blocked_ * 100 < took * limits::compression::percent_for_quick)
        level_ = CompressionLevel::quick;
    began_ = now;
    blocked_ = Duration{};
}

}  // namespace culvert
