#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace culvert {

/// Something that people write into YAML and that means something else there: a value that begins
/// with '*', a tab, a ':' without its blank. Only a guess: most of it is right somewhere.
struct YamlSlip {
    enum class Kind {
        indicator,      ///< a value that begins with a character of YAML's own
        missing_blank,  ///< behind a ':' or a '-'
        quote,          ///< not closed, or with something behind it
        typography,     ///< a no-break space, a typographic quote
        other,
    };

    Kind kind = Kind::other;
    std::size_t line = 0;    ///< from 0
    std::size_t column = 0;  ///< in bytes, from 0
    std::string what;        ///< "'*' at the beginning of a value refers to an anchor"
    std::string should_be;   ///< the whole line, corrected
    char indicator = '\0';   ///< what the value begins with, of the kind of that name
};

/// The slips of a text, in its order. Blocks of text (| and >) have none.
std::vector<YamlSlip> yaml_slips(std::string_view text);

/// The lines of a text, without their ends.
std::vector<std::string_view> lines_of(std::string_view text);

}  // namespace culvert
