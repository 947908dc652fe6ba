#include "common/transport/compression_headroom.hpp"

namespace culvert {

void CompressionHeadroom::on_output_blocked(TimePoint now) noexcept {
    if (!blocked_since_) blocked_since_ = now;
}

void CompressionHeadroom::on_output_taken(TimePoint now) noexcept {
    if (blocked_since_) blocked_ += now - *blocked_since_;
    blocked_since_.reset();
    const Duration took = now - began_;
    if (took < period) return;
    if (blocked_ * 100 >= took * percent_for_thorough) pace_ = CompressionPace::thorough;
    if (blocked_ * 100 < took * percent_for_quick) pace_ = CompressionPace::quick;
    began_ = now;
    blocked_ = Duration{};
}

}  // namespace culvert
