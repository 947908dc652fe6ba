#pragma once

#include <string>
#include <string_view>

namespace culvert {

/// The word as it can be pasted into a shell: unchanged where it has nothing special, otherwise in
/// single quotes. Control characters, and bytes that are no UTF-8, make it a $'...' word (bash,
/// zsh, POSIX 2024), so that a terminal is shown nothing raw.
std::string shell_quoted(std::string_view word);

}  // namespace culvert
