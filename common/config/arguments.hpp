#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace culvert {

enum class FlagValue { none, required };

/// A flag that a command knows: "-p" or "--listen".
struct Flag {
    std::string_view name;
    FlagValue value = FlagValue::none;
    /// Why it is refused; empty for a flag that is taken. For flags of ssh that we haven't.
    std::string_view refusal = {};
    std::string_view hint = {};  ///< what to use instead of a refused one
};

/// One thing on the command line: a flag with its value, or, where `flag` is empty, a word.
struct Argument {
    std::string flag;
    std::string value;

    friend bool operator==(const Argument&, const Argument&) = default;
};

/// Takes a command line apart as getopt does, in its order: one-letter flags may be bundled
/// (`-fNL 1:h:2`) and joined with their value (`-p22`), long ones take `--flag value` and
/// `--flag=value`, words and flags mix, and after `--` there are words only. Throws Error{usage}
/// for an unknown or refused flag, a missing value and one too many.
std::vector<Argument> split_arguments(std::span<const std::string> arguments,
                                      std::span<const Flag> flags);

}  // namespace culvert
