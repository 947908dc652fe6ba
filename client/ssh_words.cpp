#include "client/ssh_words.hpp"

#include <fmt/format.h>

#include "common/base/error.hpp"
#include "common/base/escape.hpp"

namespace culvert {
namespace {

constexpr std::string_view blanks = " \t";

bool is_blank(char c) { return blanks.find(c) != std::string_view::npos; }

/// Takes the word that `rest` begins with.
std::string take_word(std::string_view& rest) {
    const std::string_view whole = rest;
    std::string word;
    char quote = '\0';
    for (; !rest.empty(); rest.remove_prefix(1)) {
        const char c = rest.front();
        const char next = rest.size() > 1 ? rest[1] : '\0';
        const bool is_escape = c == '\\' && (next == '\'' || next == '"' || next == '\\' ||
                                             (quote == '\0' && next == ' '));
        if (is_escape) {
            word += next;
            rest.remove_prefix(1);
        } else if (quote == '\0' && is_blank(c)) {
            break;
        } else if (quote == '\0' && (c == '"' || c == '\'')) {
            quote = c;
        } else if (quote != '\0' && c == quote) {
            quote = '\0';
        } else {
            word += c;
        }
    }
    if (quote != '\0') {
        throw Error{ErrorKind::usage,
                    fmt::format("a quote ({}) that is not closed: {}", quote, escaped(whole, 64))};
    }
    return word;
}

}  // namespace

std::vector<std::string> ssh_words(std::string_view text) {
    std::vector<std::string> words;
    for (;;) {
        const std::size_t start = text.find_first_not_of(blanks);
        if (start == std::string_view::npos) return words;
        text.remove_prefix(start);
        if (text.front() == '#') return words;
        words.push_back(take_word(text));
    }
}

std::string ssh_quoted(const std::string& word) {
    std::string quoted = "\"";
    bool needs_quotes = word.empty() || word.front() == '#';
    for (const char c : word) {
        needs_quotes = needs_quotes || is_blank(c) || c == '"' || c == '\'' || c == '\\';
        if (c == '"' || c == '\\') quoted += '\\';
        quoted += c;
    }
    return needs_quotes ? quoted + '"' : word;
}

}  // namespace culvert
