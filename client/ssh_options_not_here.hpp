#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace culvert {

/// What becomes of a value that would have an effect in ssh and has none here.
enum class OtherValues {
    refused,  ///< an error, which says what the option does
    noted,    ///< taken, and said at -v: nothing depends on it
    warned,   ///< taken, with a line: a script may rely on it
};

/// How ssh reads a value.
enum class ValueForm {
    words,     ///< in words, by the quotes of ssh_config(5)
    verbatim,  ///< as it stands, quotes and '#' included: a command, or hosts to jump over
};

/// An option of ssh_config(5), or one that ssh took earlier, that culvert doesn't act on. One that
/// is implemented moves from this table to the one of ssh_options.cpp.
struct SshOptionNotHere {
    std::string_view name;
    /// The values that change nothing here, with commas between. `~word`: a list that holds `word`
    /// or only adds to the default list, and doesn't take `word` out of it.
    std::string_view taken;
    OtherValues others = OtherValues::refused;
    /// What it does in ssh: "adds the key that logged in to the agent".
    std::string_view effect = {};
    /// What to use instead, or nothing.
    std::string_view instead = {};
    ValueForm form = ValueForm::words;
};

std::span<const SshOptionNotHere> ssh_options_not_here();

/// Is the value, the words of it, one that changes nothing here?
bool changes_nothing(const SshOptionNotHere& option, const std::vector<std::string>& value);

/// `AddKeysToAgent=no`, or `StdinNull=yes or no`: what is taken, for an error. Empty if nothing is.
std::string taken_values(const SshOptionNotHere& option);

}  // namespace culvert
