#include "common/transport/try_later.hpp"

#include <algorithm>
#include <array>

#include "common/base/characters.hpp"

namespace culvert {

bool says_try_later(std::string_view text) noexcept {
    static constexpr std::array<std::string_view, 4> phrases{
        "try again later", "exceeded maxstartups", "not allowed at this time",
        "too many connections"};
    return std::ranges::any_of(phrases, [text](std::string_view phrase) {
        const auto alike = [](char one, char other) { return lower_case(one) == other; };
        return !std::ranges::search(text, phrase, alike).empty();
    });
}

}  // namespace culvert
