#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace culvert {

/// The words of an option's value, by the quoting of ssh_config(5): blanks and tabs part words,
/// double and single quotes keep them, a backslash stands ahead of a quote, of another backslash,
/// and outside quotes of a blank; a '#' at the beginning of a word begins a comment. Throws
/// Error{usage} for a quote that isn't closed.
std::vector<std::string> ssh_words(std::string_view text);

/// The word in quotes, where ssh_words() would not give it back as it is.
std::string ssh_quoted(const std::string& word);

}  // namespace culvert
