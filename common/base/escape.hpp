#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace culvert {

/// A peer's text is shown whole up to here: longer than any path (PATH_MAX) and any text that means
/// something, and short enough for a log.
constexpr std::size_t longest_shown = 4'096;

/// Text of a peer or a file, made safe for a terminal and a log: control characters, bytes that are
/// no UTF-8 and what is invisible or changes the direction of text (utf8.hpp) become \xHH, a
/// backslash becomes \\. What is longer than `limit` bytes is cut between two characters and ends
/// in "...".
std::string escaped(std::string_view text, std::size_t limit = longest_shown);

/// The same for what should be a name of a host, a user or a request: what is longer is none, and
/// would only fill a log.
inline std::string escaped_name(std::string_view name) { return escaped(name, 256); }

/// The same for a text that may have line breaks and stands within a line: blanks and line breaks
/// around it are left out, and each inner line break, with the blanks around it, becomes one blank.
std::string escaped_in_line(std::string_view text, std::size_t limit = longest_shown);

/// `what: text`, with the text as escaped_in_line() gives it; `what` alone where the text is empty.
std::string with_peer_text(std::string_view what, std::string_view text);

}  // namespace culvert
