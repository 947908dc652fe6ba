#pragma once

#include <string_view>

namespace culvert {

/// Writes all of it to stdout. Throws Error{internal} where that isn't possible: a full disk, a
/// pipe whose reader has ended.
void print(std::string_view text);

}  // namespace culvert
