#pragma once

#include <span>
#include <string>
#include <string_view>

#include "common/config/environment.hpp"

namespace culvert {

/// What ssh_config(5) calls a token: %h and its like, with what it stands for.
struct SshToken {
    char letter;
    std::string value;
};

/// The text with its tokens replaced, and %% by %. Throws Error{usage} for one that isn't there,
/// and names those that are.
std::string replace_tokens(std::string_view text, std::span<const SshToken> tokens);

/// A path as flags take it; a leading `~` and ${NAME} are replaced. Throws Error{usage}.
std::string expand_option_path(std::string_view path, const Environment& environment);

}  // namespace culvert
