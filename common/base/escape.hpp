#pragma once

#include <string>
#include <string_view>

namespace culvert {

/// Text of a peer or a file, made safe for a terminal and a log: control bytes, DEL and everything
/// that is not printable ASCII become \xHH, a backslash becomes \\. What is longer than `limit`
/// bytes ends in "...".
std::string escaped(std::string_view text, std::size_t limit = 256);

}  // namespace culvert
