#include "common/base/nearest.hpp"

#include <algorithm>
#include <vector>

#include <fmt/format.h>

#include "common/base/characters.hpp"

namespace culvert {
namespace {

/// Damerau and Levenshtein's distance, in its optimal string alignment form.
std::size_t edits(std::string_view from, std::string_view to) {
    const std::size_t width = to.size() + 1;
    std::vector<std::size_t> cost((from.size() + 1) * width);
    const auto at = [&](std::size_t i, std::size_t j) -> std::size_t& {
        return cost[i * width + j];
    };
    for (std::size_t i = 0; i <= from.size(); ++i) {
        for (std::size_t j = 0; j <= to.size(); ++j) {
            if (i == 0 || j == 0) {
                at(i, j) = i + j;
                continue;
            }
            const char a = lower_case(from[i - 1]);
            const char b = lower_case(to[j - 1]);
            at(i, j) = std::min(
                {at(i - 1, j) + 1, at(i, j - 1) + 1, at(i - 1, j - 1) + (a == b ? 0U : 1U)});
            if (i > 1 && j > 1 && a == lower_case(to[j - 2]) && lower_case(from[i - 2]) == b) {
                at(i, j) = std::min(at(i, j), at(i - 2, j - 2) + 1);
            }
        }
    }
    return cost.back();
}

}  // namespace

std::string_view nearest(std::string_view word, std::span<const std::string_view> candidates) {
    // No key or flag is longer; a file's word may be, and the table is quadratic.
    constexpr std::size_t longest = 64;
    /// More make another word: ControlMaster is no ControlPersist gone wrong.
    constexpr std::size_t most_edits = 2;
    if (word.size() > longest) return {};
    std::string_view best;
    std::size_t fewest = std::clamp<std::size_t>(word.size() / 3, 1, most_edits) + 1;
    for (const std::string_view candidate : candidates) {
        const std::size_t needed = edits(word, candidate);
        if (needed < fewest) {
            fewest = needed;
            best = candidate;
        }
    }
    return best;
}

std::string did_you_mean(std::string_view word, std::span<const std::string_view> candidates) {
    const std::string_view meant = nearest(word, candidates);
    return meant.empty() ? std::string{} : fmt::format(", did you mean '{}'?", meant);
}

}  // namespace culvert
