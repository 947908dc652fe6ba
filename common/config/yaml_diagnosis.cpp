#include "common/config/yaml_diagnosis.hpp"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <sstream>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include "common/config/yaml_slips.hpp"

namespace culvert {
namespace {

/// Each try parses the text once more.
constexpr std::size_t most_tries = 24;
constexpr std::size_t longest_text = 256 << 10;

/// Finds what is marked as something that nobody means in a configuration.
class Unmeant : public YAML::EventHandler {
public:
    /// The lines of tags, and of anchors without a value.
    const std::vector<std::size_t>& lines() const noexcept { return lines_; }

    void OnDocumentStart(const YAML::Mark&) override {}
    void OnDocumentEnd() override {}
    void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
        if (anchor != 0) add(mark);
    }
    void OnAlias(const YAML::Mark&, YAML::anchor_t) override {}
    void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  const std::string& value) override {
        check_tag(mark, tag);
        if (anchor != 0 && value.empty()) add(mark);
    }
    void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t,
                         YAML::EmitterStyle::value) override {
        check_tag(mark, tag);
    }
    void OnSequenceEnd() override {}
    void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t,
                    YAML::EmitterStyle::value) override {
        check_tag(mark, tag);
    }
    void OnMapEnd() override {}

private:
    void check_tag(const YAML::Mark& mark, const std::string& tag) {
        const bool is_plain = tag.empty() || tag == "?" || tag == "!";
        if (!is_plain && !tag.starts_with("tag:yaml.org,2002:")) add(mark);
    }
    void add(const YAML::Mark& mark) { lines_.push_back(static_cast<std::size_t>(mark.line)); }

    std::vector<std::size_t> lines_;
};

constexpr std::string_view tab_in_indentation =
    "a tab in the indentation, where YAML takes blanks alone";
constexpr std::size_t no_error = std::numeric_limits<std::size_t>::max();

/// How far the parser gets, as a line number; no_error if to the end.
std::size_t line_of_error(const std::string& text) {
    std::istringstream stream{text};
    Unmeant ignored;
    try {
        YAML::Parser parser{stream};
        parser.HandleNextDocument(ignored);
    } catch (const YAML::Exception& error) {
        return error.mark.line < 0 ? 0 : static_cast<std::size_t>(error.mark.line);
    }
    return no_error;
}

std::string without_indentation(std::string_view line) {
    return std::string{line.substr(std::min(line.find_first_not_of(" \t"), line.size()))};
}

std::string with_line(const std::string& text, std::size_t number, const std::string& line) {
    std::string result;
    std::size_t at = 0;
    for (const std::string_view old : lines_of(text)) {
        result += at++ == number ? line : std::string{old};
        result += '\n';
    }
    return result;
}

YamlDiagnosis of(const YamlSlip& slip) {
    return {slip.line, slip.column, slip.what, without_indentation(slip.should_be)};
}

bool has_tab(std::string_view line) {
    return line.substr(0, line.find_first_not_of(" \t")).find('\t') != std::string_view::npos;
}

/// Every tab of an indentation becomes the same number of blanks.
std::optional<YamlDiagnosis> diagnose_tabs(const std::string& text, std::size_t reached) {
    const auto lines = lines_of(text);
    const auto first = std::ranges::find_if(lines, has_tab);
    if (first == lines.end()) return std::nullopt;
    for (const std::size_t width : {2U, 4U, 8U, 1U}) {
        std::string fixed;
        for (const std::string_view line : lines) {
            const std::size_t indent = std::min(line.find_first_not_of(" \t"), line.size());
            for (const char c : line.substr(0, indent)) fixed.append(c == '\t' ? width : 1, ' ');
            fixed += fmt::format("{}\n", line.substr(indent));
        }
        const std::size_t now = line_of_error(fixed);
        if (now <= reached) continue;
        return YamlDiagnosis{
            static_cast<std::size_t>(first - lines.begin()), first->find('\t'),
            std::string{tab_in_indentation},
            without_indentation(*first) +
                fmt::format("   (with {} blanks for each tab ahead of it)", width)};
    }
    // The parser may end behind the last line.
    const std::size_t at = std::min(reached, lines.size() - 1);
    if (!has_tab(lines[at])) return std::nullopt;
    return YamlDiagnosis{at, lines[at].find('\t'), std::string{tab_in_indentation}, {}};
}

/// A line that begins further left or right than those it belongs to.
std::optional<YamlDiagnosis> diagnose_indentation(const std::string& text, std::size_t reached) {
    const auto lines = lines_of(text);
    if (reached >= lines.size()) return std::nullopt;
    const std::string_view line = lines[reached];
    const std::size_t indent = line.find_first_not_of(' ');
    if (indent == std::string_view::npos) return std::nullopt;
    std::vector<std::size_t> used;
    for (std::size_t i = 0; i < reached; ++i) {
        const std::size_t other = lines[i].find_first_not_of(' ');
        if (other == std::string_view::npos || lines[i][other] == '#') continue;
        if (std::ranges::find(used, other) == used.end()) used.push_back(other);
    }
    if (std::ranges::find(used, indent) != used.end()) return std::nullopt;
    std::ranges::sort(used);
    std::erase_if(used, [&](std::size_t other) {
        const std::string moved = std::string(other, ' ') + without_indentation(line);
        return line_of_error(with_line(text, reached, moved)) <= reached;
    });
    if (used.empty()) return std::nullopt;
    return YamlDiagnosis{reached,
                         indent,
                         fmt::format("the line is indented by {}, and fits no line above: it would "
                                     "with {}",
                                     indent, fmt::join(used, " or ")),
                         {}};
}

}  // namespace

std::optional<YamlDiagnosis> diagnose_yaml(const std::string& text) {
    if (text.size() > longest_text) return std::nullopt;
    const std::size_t reached = line_of_error(text);
    if (reached == no_error) return std::nullopt;
    if (auto tabs = diagnose_tabs(text, reached)) return tabs;
    auto slips = yaml_slips(text);
    // The nearest to where the parser stopped first, those ahead of it before those behind.
    const auto distance = [&](const YamlSlip& slip) {
        return slip.line <= reached ? reached - slip.line : (slip.line - reached) * 1'000;
    };
    std::ranges::stable_sort(slips, {}, distance);
    if (slips.size() > most_tries) slips.resize(most_tries);
    std::size_t tries = 0;
    // Several in one line: each is corrected in the line as the ones before left it.
    for (const YamlSlip& slip : slips) {
        std::string fixed = slip.should_be;
        while (++tries <= most_tries) {
            const std::string whole = with_line(text, slip.line, fixed);
            const std::size_t now = line_of_error(whole);
            if (now > std::max(reached, slip.line)) {
                YamlDiagnosis found = of(slip);
                found.should_be = without_indentation(fixed);
                return found;
            }
            const auto others = yaml_slips(whole);
            const auto next = std::ranges::find_if(others, [&](const YamlSlip& other) {
                return other.line == slip.line && other.column > slip.column;
            });
            if (next == others.end()) break;
            fixed = next->should_be;
        }
    }
    // A '-' without its blank leaves the next line with nothing to belong to, however it is moved.
    const auto leads_astray = [&](const YamlSlip& slip) {
        return slip.kind == YamlSlip::Kind::missing_blank && slip.line <= reached &&
               slip.line + 1 >= reached;
    };
    const auto slip = std::ranges::find_if(slips, leads_astray);
    if (slip != slips.end()) return of(*slip);
    return diagnose_indentation(text, reached);
}

std::optional<YamlDiagnosis> find_unmeant_yaml(const std::string& text) {
    std::istringstream stream{text};
    Unmeant unmeant;
    YAML::Parser parser{stream};
    parser.HandleNextDocument(unmeant);
    const bool has_typography =
        text.find("\u00a0") != text.npos || text.find("\u00ab") != text.npos ||
        text.find("\u00bb") != text.npos || text.find("\xe2\x80") != text.npos;
    if (unmeant.lines().empty() && !has_typography) return std::nullopt;
    const auto is_unmeant = [&](const YamlSlip& slip) {
        if (slip.kind == YamlSlip::Kind::typography) return true;
        return slip.kind == YamlSlip::Kind::indicator &&
               std::ranges::find(unmeant.lines(), slip.line) != unmeant.lines().end() &&
               (slip.indicator == '!' || slip.indicator == '&');
    };
    const auto slips = yaml_slips(text);
    const auto found = std::ranges::find_if(slips, is_unmeant);
    if (found == slips.end()) return std::nullopt;
    return of(*found);
}

std::optional<YamlDiagnosis> diagnose_yaml_line(const std::string& text, std::size_t line) {
    for (const YamlSlip& slip : yaml_slips(text)) {
        if (slip.line == line && slip.kind == YamlSlip::Kind::missing_blank) return of(slip);
    }
    return std::nullopt;
}

}  // namespace culvert
