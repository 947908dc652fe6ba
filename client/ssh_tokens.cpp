#include "client/ssh_tokens.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "common/base/error.hpp"
#include "common/base/escape.hpp"

namespace culvert {
namespace {

[[noreturn]] void fail_unknown(std::string_view text, std::string_view token,
                               std::span<const SshToken> tokens) {
    std::string known = "%%";
    for (const SshToken& other : tokens) known += fmt::format(", %{}", other.letter);
    throw Error{ErrorKind::usage, fmt::format("{}: unknown token '{}'; the tokens here are {}",
                                              escaped(text), escaped(token), known)};
}

}  // namespace

std::string replace_tokens(std::string_view text, std::span<const SshToken> tokens) {
    std::string replaced;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '%') {
            replaced += text[i];
            continue;
        }
        const std::string_view token = text.substr(i++, 2);
        const auto found = std::ranges::find(tokens, token.back(), &SshToken::letter);
        if (token == "%%") {
            replaced += '%';
        } else if (token.size() == 2 && found != tokens.end()) {
            replaced += found->value;
        } else {
            fail_unknown(text, token, tokens);
        }
    }
    return replaced;
}

std::string expand_option_path(std::string_view path, const Environment& environment) {
    try {
        return expand_path(path, environment);
    } catch (const Error& error) {
        throw Error{ErrorKind::usage, error.what()};
    }
}

}  // namespace culvert
