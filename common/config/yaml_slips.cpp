#include "common/config/yaml_slips.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace culvert {
namespace {

using Kind = YamlSlip::Kind;
/// Longer ones, which nobody types, aren't looked at: values are measured again and again.
constexpr std::size_t longest_line = 1'024;
constexpr std::size_t npos = std::string_view::npos;

constexpr std::string_view no_break_space = "\u00a0";
constexpr std::string_view typographic_quotes[] = {"\u201c", "\u201d", "\u201e", "\u2018",
                                                   "\u2019", "\u00ab", "\u00bb"};

bool is_blank(char c) { return c == ' ' || c == '\t'; }

bool is_word(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

/// What a value may not begin with unless it means what YAML makes of it.
std::string_view meaning_of(char c) {
    switch (c) {
        case '*':
            return "refers to an anchor";
        case '&':
            return "names an anchor";
        case '!':
            return "is a tag";
        case '%':
            return "begins a directive";
        case '@':
        case '`':
            return "is reserved";
        case '|':
        case '>':
            return "begins a block of text";
        case '[':
            return "begins a list";
        case '{':
            return "begins a map";
        case ',':
        case ']':
        case '}':
            return "belongs to a list or a map in brackets";
        default:
            return {};
    }
}

std::string quoted(std::string_view value) {
    std::string text;
    const bool single = value.find('\\') != npos || value.find('"') != npos;
    for (const char c : value) {
        if (single && c == '\'') text += '\'';
        text += c;
    }
    const char quote = single ? '\'' : '"';
    return quote + text + quote;
}

/// One line. Values are looked at where they begin; what is open in brackets goes on in the next.
class Line {
public:
    Line(std::string_view text, std::size_t number, std::string& open, std::vector<YamlSlip>& slips)
        : text_{text}, number_{number}, open_{open}, slips_{slips} {}

    /// True if a block of text begins below it.
    bool scan() {
        skip_blanks();
        if (at_end()) return false;
        find_no_break_space();
        if (open_.empty() && scan_block_start()) return true;
        scan_values();
        return false;
    }

private:
    bool at_end() const { return at_ >= text_.size() || is_comment(at_); }
    bool is_comment(std::size_t i) const {
        return text_[i] == '#' && (i == 0 || is_blank(text_[i - 1]));
    }
    void skip_blanks() {
        while (at_ < text_.size() && is_blank(text_[at_])) ++at_;
    }
    std::string replaced(std::size_t from, std::size_t to, std::string_view by) const {
        return fmt::format("{}{}{}", text_.substr(0, from), by, text_.substr(to));
    }
    void add(Kind kind, std::size_t column, std::string what, std::string should_be) {
        slips_.push_back({kind, number_, column, std::move(what), std::move(should_be)});
    }

    void find_no_break_space();
    void find_typographic_quote(std::size_t end);
    bool scan_block_start();
    void scan_values();
    void find_text_behind_brackets();
    void scan_quoted();
    void scan_plain();
    bool scan_indicator();
    bool has_text_behind(std::size_t bracket) const;
    std::size_t end_of_value() const;

    std::string_view text_;
    std::size_t number_;
    std::string& open_;  ///< the brackets that are open
    std::vector<YamlSlip>& slips_;
    std::size_t at_ = 0;
};

void Line::find_no_break_space() {
    std::size_t comment = at_;
    while (comment < text_.size() && !is_comment(comment)) ++comment;
    const std::size_t space = text_.substr(0, comment).find(no_break_space);
    if (space == npos) return;
    std::string fixed{text_};
    for (std::size_t i = space; (i = fixed.find(no_break_space, i)) < comment;) {
        fixed.replace(i, no_break_space.size(), " ");
    }
    add(Kind::typography, space, "a no-break space, which is no blank to YAML", fixed);
}

/// A value that begins with a typographic quote.
void Line::find_typographic_quote(std::size_t end) {
    const auto begins_here = [&](std::string_view quote) {
        return text_.substr(at_).starts_with(quote);
    };
    if (std::ranges::none_of(typographic_quotes, begins_here)) return;
    std::string value{text_.substr(at_, end - at_)};
    for (const std::string_view quote : typographic_quotes) {
        for (std::size_t i = 0; (i = value.find(quote, i)) != npos;) {
            value.replace(i, quote.size(), "\"");
        }
    }
    add(Kind::typography, at_, "a typographic quote, which is text to YAML",
        replaced(at_, end, value));
}

/// The dashes and the key ahead of a line's first value.
bool Line::scan_block_start() {
    while (at_ < text_.size() && text_[at_] == '-') {
        const char next = at_ + 1 < text_.size() ? text_[at_ + 1] : ' ';
        if (next == '-') return false;
        if (!is_blank(next)) {
            add(Kind::missing_blank, at_, "a list's '-' without a blank behind it",
                replaced(at_ + 1, at_ + 1, " "));
        }
        if (next == '\t') {
            add(Kind::other, at_ + 1, "a tab behind a '-', where YAML takes a blank",
                replaced(at_ + 1, at_ + 2, " "));
        }
        ++at_;
        skip_blanks();
    }
    std::size_t end = at_;
    while (end < text_.size() && is_word(text_[end])) ++end;
    std::size_t behind = end;
    while (behind < text_.size() && is_blank(text_[behind])) ++behind;
    if (end == at_ || behind >= text_.size()) return false;
    if (text_[behind] == '=') {
        std::size_t value = behind + 1;
        while (value < text_.size() && is_blank(text_[value])) ++value;
        add(Kind::other, behind, "a '=' behind a key, where YAML takes ': '",
            replaced(end, value, ": "));
        return false;
    }
    if (text_[behind] != ':') return false;
    at_ = behind + 1;
    if (at_ == text_.size()) return false;
    if (!is_blank(text_[at_])) {
        add(Kind::missing_blank, behind, "a ':' behind a key without a blank behind it",
            replaced(behind, behind + 1, ": "));
        return false;
    }
    skip_blanks();
    if (at_end()) return false;
    if (text_.substr(at_, 2) == "- ") {
        std::size_t value_end = text_.find_last_not_of(" \t") + 1;
        add(Kind::other, at_, "a list's '-' behind a key, where it begins a line of its own",
            replaced(at_, value_end,
                     fmt::format("[{}]", text_.substr(at_ + 2, value_end - at_ - 2))));
    }
    const bool is_block = text_[at_] == '|' || text_[at_] == '>';
    return is_block && text_.find_first_not_of("|>+-0123456789 \t", at_) == npos;
}

void Line::scan_values() {
    for (;;) {
        skip_blanks();
        if (at_end()) return;
        const char c = text_[at_];
        const bool in_brackets = !open_.empty();
        if (in_brackets && (c == ',' || c == ':')) {
            ++at_;
        } else if (in_brackets && (c == ']' || c == '}')) {
            open_.pop_back();
            ++at_;
            if (open_.empty()) return find_text_behind_brackets();
        } else if (c == '"' || c == '\'') {
            scan_quoted();
            if (open_.empty()) return;
        } else if (scan_indicator()) {
            if (open_.empty()) return;
        } else if (c == '[' || c == '{') {
            open_ += c;
            ++at_;
        } else {
            scan_plain();
            if (open_.empty()) return;
        }
    }
}

void Line::find_text_behind_brackets() {
    const std::size_t begin = at_;
    skip_blanks();
    if (at_end() || text_[at_] == ':') return;
    const std::size_t end = end_of_value();
    add(Kind::other, at_, "text behind the closing bracket", replaced(begin, end, ""));
}

/// A value's end: in brackets a comma or the closing one, in a block the line's.
std::size_t Line::end_of_value() const {
    std::size_t depth = 0;
    std::size_t i = at_;
    for (; i < text_.size() && !is_comment(i); ++i) {
        const char c = text_[i];
        if (open_.empty()) continue;
        if (c == '[' || c == '{') ++depth;
        if (depth == 0 && (c == ',' || c == ']' || c == '}') && i > at_) break;
        if (c == ']' || c == '}') depth -= std::min<std::size_t>(depth, 1);
    }
    while (i > at_ && is_blank(text_[i - 1])) --i;
    return i;
}

/// Is it a bracket with one word in it, and something right behind it, as in [::1]:80?
bool Line::has_text_behind(std::size_t bracket) const {
    const std::size_t close = text_.find_first_of("[]{}, ", bracket + 1);
    const char wanted = text_[bracket] == '[' ? ']' : '}';
    if (close == npos || text_[close] != wanted || close + 1 == text_.size()) return false;
    const char behind = text_[close + 1];
    return !is_blank(behind) && std::string_view{",]}"}.find(behind) == npos;
}

/// A value that begins with a character of YAML's own. A list or a map in brackets counts if
/// something stands right behind it, as in [::1]:80.
bool Line::scan_indicator() {
    const char c = text_[at_];
    const std::string_view meaning = meaning_of(c);
    if (meaning.empty()) return false;
    if ((c == '[' || c == '{') && !has_text_behind(at_)) return false;
    const std::size_t end = end_of_value();
    if (end == at_) return false;
    add(Kind::indicator, at_,
        fmt::format("a value that begins with '{}' {} in YAML: put it in quotes", c, meaning),
        replaced(at_, end, quoted(text_.substr(at_, end - at_))));
    slips_.back().indicator = c;
    at_ = end;
    return true;
}

void Line::scan_quoted() {
    const char quote = text_[at_];
    const std::size_t begin = at_;
    std::size_t close = begin + 1;
    bool has_escape = false;
    for (; close < text_.size(); ++close) {
        if (quote == '"' && text_[close] == '\\') {
            has_escape = true;
            ++close;
        } else if (text_[close] == quote) {
            if (quote == '"' || close + 1 == text_.size() || text_[close + 1] != quote) break;
            ++close;
        }
    }
    if (close >= text_.size()) {
        const std::size_t end = text_.find_last_not_of(" \t") + 1;
        add(Kind::quote, begin, fmt::format("a quote ({}) that is not closed", quote),
            replaced(end, end, std::string_view{&quote, 1}));
        at_ = text_.size();
        return;
    }
    const std::string_view inner = text_.substr(begin + 1, close - begin - 1);
    if (has_escape) {
        add(Kind::quote, begin,
            "a backslash in double quotes begins an escape; in single ones it "
            "is text",
            replaced(begin, close + 1, quoted(inner)));
    }
    at_ = close + 1;
    const char behind = at_ < text_.size() ? text_[at_] : ' ';
    const bool is_key = behind == ':';
    const bool is_over = is_key || (!open_.empty() && std::string_view{",]}"}.find(behind) != npos);
    const std::size_t end = is_over ? at_ : end_of_value();
    if (end > at_ && text_.find_first_not_of(" \t", at_) < end) {
        std::string rest{text_.substr(at_, end - at_)};
        // As in 'it's', where the last one is the closing quote.
        if (rest.back() == quote) {
            rest.pop_back();
            rest.insert(0, 1, quote);
        }
        add(Kind::quote, at_, "text behind a closing quote",
            replaced(begin, end, quoted(fmt::format("{}{}", inner, rest))));
    }
    if (open_.empty() && !is_key) at_ = text_.size();
}

void Line::scan_plain() {
    const std::size_t begin = at_;
    const std::size_t end = end_of_value();
    find_typographic_quote(end);
    const std::string_view value = text_.substr(begin, end - begin);
    const std::size_t colon = value.find(": ");
    if (open_.empty()) {
        at_ = text_.size();
        if (colon == npos) return;
        const std::size_t behind = value.find_first_not_of(' ', colon + 1);
        const bool is_port = value.find_first_not_of("0123456789", behind) == npos;
        add(Kind::other, begin + colon, "a ': ' inside a value",
            is_port ? replaced(begin + colon + 1, begin + behind, "")
                    : replaced(begin, end, quoted(value)));
        return;
    }
    if (colon == npos) {
        const std::size_t tight = value.find(':');
        std::size_t word = 0;
        while (word < value.size() && is_word(value[word])) ++word;
        if (open_.back() == '{' && tight != npos && tight == word && tight + 1 < value.size()) {
            add(Kind::missing_blank, begin + tight, "a ':' behind a key without a blank behind it",
                replaced(begin + tight, begin + tight + 1, ": "));
        }
        if (value.find_first_of("[{") != npos) {
            add(Kind::indicator, begin, "brackets inside a value that is not in quotes",
                replaced(begin, end, quoted(value)));
        }
        at_ = std::max(end, begin + 1);
        return;
    }
    // A key; a second one in the same part lacks its comma.
    const std::string_view rest = value.substr(colon + 2);
    const std::size_t second = rest.find(": ");
    const std::size_t gap = second == npos ? npos : rest.rfind(' ', second);
    if (gap != npos && gap > 0 && second > gap) {
        const std::size_t comma = begin + colon + 2 + gap;
        add(Kind::other, comma, "a comma is missing between two keys", replaced(comma, comma, ","));
    }
    at_ = begin + colon + 1;
}

}  // namespace

std::vector<std::string_view> lines_of(std::string_view text) {
    std::vector<std::string_view> lines;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        std::string_view line = text.substr(0, end);
        if (line.ends_with('\r')) line.remove_suffix(1);
        lines.push_back(line);
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return lines;
}

std::vector<YamlSlip> yaml_slips(std::string_view text) {
    std::vector<YamlSlip> slips;
    std::string open;
    std::size_t number = 0;
    std::size_t block_indent = npos;
    std::size_t opened = 0;  ///< the line of the first bracket that is open
    for (const std::string_view line : lines_of(text)) {
        const std::size_t indent = std::min(line.find_first_not_of(' '), line.size());
        const bool in_block =
            block_indent != npos && (indent > block_indent || indent == line.size());
        if (!in_block && line.size() <= longest_line) {
            if (open.empty()) opened = number;
            block_indent = Line{line, number, open, slips}.scan() ? indent : npos;
        }
        ++number;
    }
    if (open.empty()) return slips;
    const std::string_view line = lines_of(text)[opened];
    std::string closed{line.substr(0, line.find_last_not_of(" \t") + 1)};
    for (std::size_t i = open.size(); i-- > 0;) closed += open[i] == '[' ? ']' : '}';
    slips.push_back({Kind::other, opened, std::min(line.find(open.front()), line.size()),
                     fmt::format("a '{}' that is not closed", open.front()), closed});
    return slips;
}

}  // namespace culvert
