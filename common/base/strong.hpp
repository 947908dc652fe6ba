#pragma once

#include <compare>
#include <cstddef>
#include <functional>

namespace culvert {

/// An integer that mixes with no other: `using ChannelId = Strong<struct ChannelIdTag, uint32_t>`.
template <class Tag, class Int>
class Strong {
public:
    using Value = Int;

    constexpr Strong() noexcept = default;
    constexpr explicit Strong(Int value) noexcept : value_{value} {}

    constexpr Int value() const noexcept { return value_; }
    friend constexpr auto operator<=>(Strong, Strong) noexcept = default;

private:
    Int value_{};
};

}  // namespace culvert

template <class Tag, class Int>
struct std::hash<culvert::Strong<Tag, Int>> {
    std::size_t operator()(culvert::Strong<Tag, Int> strong) const noexcept {
        return std::hash<Int>{}(strong.value());
    }
};
