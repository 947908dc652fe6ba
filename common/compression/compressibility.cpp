#include "common/compression/compressibility.hpp"

#include <algorithm>

namespace culvert {

void Compressibility::on_deflated(std::size_t before, std::size_t after) noexcept {
    if (before < limits::compression::smallest_counted) return;
    before_ += before;
    after_ += after;
    if (before_ < sample_) return;
    const bool shrinks = after_ * 100 < before_ * (100 - limits::compression::least_percent_saved);
    if (shrinks) {
        sample_ = first_sample;
        while_ = shortest_while;
    } else {
        sample_ = later_sample;
        to_store_ = while_;
        while_ = std::min(while_ * 2, longest_while);
    }
    before_ = 0;
    after_ = 0;
}

void Compressibility::on_stored(std::size_t bytes) noexcept {
    to_store_ -= std::min(to_store_, bytes);
}

}  // namespace culvert
