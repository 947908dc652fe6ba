#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace culvert {

/// What a program finds around itself. An argument, so that tests make up their own.
struct Environment {
    std::string home;   ///< what `~` stands for; empty if there is none
    std::string login;  ///< the login name; empty if there is none
    bool root = false;
    /// An environment variable; empty if it isn't set.
    std::function<std::optional<std::string>(const std::string& name)> variable;
};

/// This process's own.
Environment process_environment();

/// The path with a leading `~` and every ${NAME} replaced. `~other`, an unset variable and control
/// characters throw Error{config}.
std::string expand_path(std::string_view path, const Environment& environment);

}  // namespace culvert
