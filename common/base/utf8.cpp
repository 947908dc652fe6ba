#include "common/base/utf8.hpp"

#include <algorithm>
#include <array>
#include <cstdint>

namespace culvert {
namespace {

struct Form {
    unsigned char mask, lead;  ///< of the first byte
    char32_t least;            ///< below it the form is overlong
};
constexpr std::array<Form, 3> forms{
    {{0xe0, 0xc0, 0x80}, {0xf0, 0xe0, 0x800}, {0xf8, 0xf0, 0x10000}}};

struct Range {
    char32_t first, last;
};
/// Controls and separators (general categories Cc, Zl and Zp), marks of annotations, surrogates,
/// and all that Unicode 15 gives the property Bidi_Control or Default_Ignorable_Code_Point
/// (PropList.txt, DerivedCoreProperties.txt).
constexpr auto not_shown = std::to_array<Range>({
    {0x0000, 0x009f},    // C0, C1
    {0x00ad, 0x00ad},    // soft hyphen
    {0x034f, 0x034f},    // combining grapheme joiner
    {0x061c, 0x061c},    // Arabic letter mark
    {0x115f, 0x1160},    // Hangul fillers
    {0x17b4, 0x17b5},    // Khmer inherent vowels
    {0x180b, 0x180f},    // Mongolian variation selectors and vowel separator
    {0x200b, 0x200f},    // zero-width characters, direction marks
    {0x2028, 0x202e},    // line and paragraph separators, embeddings and overrides
    {0x2060, 0x206f},    // word joiner, invisible operators, isolates
    {0x3164, 0x3164},    // Hangul filler
    {0xd800, 0xdfff},    // surrogates
    {0xfe00, 0xfe0f},    // variation selectors
    {0xfeff, 0xfeff},    // byte order mark
    {0xffa0, 0xffa0},    // half-width Hangul filler
    {0xfff0, 0xfffb},    // unassigned ignorables, annotation marks
    {0x1bca0, 0x1bca3},  // shorthand format controls
    {0x1d173, 0x1d17a},  // musical format controls
    {0xe0000, 0xe0fff},  // tags, further variation selectors
});

constexpr bool is_shown(char32_t code) {
    const auto has_it = [code](const Range& range) {
        return code >= range.first && code <= range.last;
    };
    return code <= 0x10ffff && std::ranges::none_of(not_shown, has_it);
}

}  // namespace

std::size_t shown_utf8_length(std::string_view text) noexcept {
    if (text.empty()) return 0;
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    for (std::size_t form = 0; form < forms.size(); ++form) {
        const auto [mask, lead, least] = forms[form];
        const std::size_t length = form + 2;
        if ((byte(0) & mask) != lead) continue;
        if (text.size() < length) return 0;
        char32_t code = static_cast<unsigned char>(byte(0) & ~mask);
        for (std::size_t i = 1; i < length; ++i) {
            if ((byte(i) & 0xc0) != 0x80) return 0;
            code = (code << 6) | (byte(i) & 0x3fU);
        }
        return code >= least && is_shown(code) ? length : 0;
    }
    return 0;
}

}  // namespace culvert
