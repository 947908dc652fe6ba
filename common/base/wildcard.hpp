#pragma once

#include <string_view>

namespace culvert {

/// Does the whole of `text` match, where `*` in the pattern stands for any characters and `?` for
/// one? Takes time in the product of both lengths at worst. Case counts.
bool wildcard_match(std::string_view pattern, std::string_view text) noexcept;

}  // namespace culvert
