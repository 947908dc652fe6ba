#pragma once

#include <cstddef>
#include <optional>
#include <string>

namespace culvert {

/// What to say of a mistake in a YAML text.
struct YamlDiagnosis {
    std::size_t line = 0;    ///< from 0
    std::size_t column = 0;  ///< from 0
    std::string what;
    std::string should_be;  ///< the line, corrected, without its indentation; or empty
};

/// Why the text is no YAML: the slip whose correction lets the parser get further. Nothing if none
/// does.
std::optional<YamlDiagnosis> diagnose_yaml(const std::string& text);

/// What a valid text has that was not meant: a tag, an anchor without a value, typographic quotes,
/// no-break spaces. All of it would be read as something else.
std::optional<YamlDiagnosis> find_unmeant_yaml(const std::string& text);

/// The slip in a line (from 0) of a valid text in which a key or a value isn't what it should be.
std::optional<YamlDiagnosis> diagnose_yaml_line(const std::string& text, std::size_t line);

}  // namespace culvert
