#include "common/config/arguments.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "common/base/error.hpp"
#include "common/base/escape.hpp"
#include "common/base/nearest.hpp"

namespace culvert {
namespace {

[[noreturn]] void fail(const std::string& why) { throw Error{ErrorKind::usage, why}; }

/// No argument of a process has a zero byte, so it can mark two places that CLI11 2.1.2 would lose:
/// - behind the `=` of a long flag, for `--flag=` is `--flag` to it, and would take the next
///   argument as its value;
/// - before the first '-' inside a bundle, for `-v-help` is `-v --help` to it, and `-v-` `-v --`.
constexpr char mark = '\0';

std::string marked(std::string argument) {
    const bool is_long = argument.starts_with("--");
    const bool is_bundle = !is_long && argument.starts_with('-');
    const std::size_t at = is_long     ? argument.find('=')
                           : is_bundle ? argument.find('-', 1)
                                       : std::string::npos;
    if (at != std::string::npos) argument.insert(is_long ? at + 1 : at, 1, mark);
    return argument;
}

std::string unmarked(std::string argument) {
    std::erase(argument, mark);
    return argument;
}

[[noreturn]] void fail_unknown(const std::string& argument, std::span<const Flag> flags) {
    const bool is_long = argument.starts_with("--");
    const std::string name =
        is_long ? argument.substr(0, argument.find('=')) : unmarked(argument).substr(0, 2);
    std::vector<std::string_view> long_names;
    for (const Flag& flag : flags) {
        if (flag.name.starts_with("--")) long_names.push_back(flag.name);
    }
    const std::string meant = is_long ? did_you_mean(name, long_names) : "";
    throw Error{ErrorKind::usage, fmt::format("unknown flag '{}'{}", escaped(name, 64), meant),
                Hint{meant.empty() ? "--help lists the flags" : ""}};
}

void require_taken(const Flag& flag) {
    if (flag.refusal.empty()) return;
    throw Error{ErrorKind::usage, fmt::format("{}: {}", flag.name, flag.refusal),
                Hint{std::string{flag.hint}}};
}

/// CLI11's parser with our flags as its options. Words aren't its positionals, which 2.1.2 keeps
/// apart from the options: with `gw -p 1` and `-p 1 gw` the order would be gone, and `[a,b]` would
/// be split. They are its extras, and so is a flag that it doesn't know.
class Splitter {
public:
    explicit Splitter(std::span<const Flag> flags) : flags_{flags} {
        parser_.set_help_flag();
        parser_.allow_extras();
        for (const Flag& flag : flags) {
            const auto on_flag = [this, &flag](const CLI::results_t& values) {
                take_extras();
                add(flag, values.front());
                return true;
            };
            auto* const option = parser_.add_option(std::string{flag.name}, on_flag);
            option->trigger_on_parse()->allow_extra_args(false);
            if (flag.value == FlagValue::none) option->expected(0);
        }
    }

    std::vector<Argument> split(std::span<const std::string> arguments) {
        std::vector<std::string> last_first;
        for (const std::string& argument : arguments) last_first.push_back(marked(argument));
        std::ranges::reverse(last_first);
        try {
            parser_.parse(std::move(last_first));
        } catch (const CLI::ArgumentMismatch&) {
            take_extras();
            fail_without_value(arguments.back());
        }
        take_extras();
        return std::move(found_);
    }

private:
    void add(const Flag& flag, const std::string& value) {
        require_taken(flag);
        if (flag.value == FlagValue::required) {
            found_.push_back({std::string{flag.name}, unmarked(value)});
        } else if (value.starts_with(mark)) {
            fail(fmt::format("{} takes no value", flag.name));
        } else {
            found_.push_back({std::string{flag.name}, ""});
        }
    }

    /// The words, and the flags that nobody knows, since the flag before.
    void take_extras() {
        const std::vector<std::string> extras = parser_.remaining();
        for (; extras_taken_ < extras.size(); ++extras_taken_) {
            const std::string& extra = extras[extras_taken_];
            if (!words_only_ && extra == "--") {
                words_only_ = true;
            } else if (!words_only_ && extra.starts_with('-') && extra.size() > 1) {
                fail_unknown(extra, flags_);
            } else {
                found_.push_back({"", unmarked(extra)});
            }
        }
    }

    /// A flag whose value isn't there stands at the end, by itself or as a bundle's last letter.
    [[noreturn]] void fail_without_value(const std::string& last) const {
        const std::string name = last.starts_with("--") ? last : fmt::format("-{}", last.back());
        const auto flag = std::ranges::find(flags_, name, &Flag::name);
        if (flag != flags_.end()) require_taken(*flag);
        fail(fmt::format("{} needs a value", name));
    }

    std::span<const Flag> flags_;
    CLI::App parser_;
    std::vector<Argument> found_;
    std::size_t extras_taken_ = 0;
    bool words_only_ = false;
};

}  // namespace

std::vector<Argument> split_arguments(std::span<const std::string> arguments,
                                      std::span<const Flag> flags) {
    try {
        return Splitter{flags}.split(arguments);
    } catch (const CLI::Error& error) {
        throw Error{ErrorKind::internal, fmt::format("command line: {}", error.what())};
    }
}

}  // namespace culvert
