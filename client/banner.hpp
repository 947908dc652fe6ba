#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace culvert {

/// A server's banner (RFC 4252 5.4) as the lines that are shown of it, escaped. A line ends with
/// CR LF, as the RFC has it, with LF or with CR. Empty lines at either end and blanks at the end of
/// a line are left out, and a tab becomes blanks.
std::vector<std::string> banner_lines(std::string_view text);

}  // namespace culvert
