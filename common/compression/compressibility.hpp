#pragma once

#include <cstddef>

#include "common/pacing/limits.hpp"

namespace culvert {

/// Is it worth deflating? Mail and logs shrink; what is compressed or encrypted already costs much
/// time and shrinks by nothing. A sample decides: when it didn't shrink, payloads are stored as
/// they are for a while, then another sample is taken, and the while gets longer each time.
class Compressibility {
public:
    bool stores() const noexcept { return to_store_ > 0; }

    void on_deflated(std::size_t before, std::size_t after) noexcept;
    void on_stored(std::size_t bytes) noexcept;

    static constexpr std::size_t first_sample = limits::compression::first_sample;
    static constexpr std::size_t later_sample = limits::compression::later_sample;
    static constexpr std::size_t shortest_while = limits::compression::shortest_while;
    static constexpr std::size_t longest_while = limits::compression::longest_while;

private:
    std::size_t sample_ = first_sample;
    std::size_t before_ = 0;
    std::size_t after_ = 0;
    std::size_t while_ = shortest_while;
    std::size_t to_store_ = 0;
};

}  // namespace culvert
