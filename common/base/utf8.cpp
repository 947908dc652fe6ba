#include "common/base/utf8.hpp"

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

constexpr bool is_between(char32_t code, char32_t first, char32_t last) {
    return code >= first && code <= last;
}

constexpr bool is_shown(char32_t code) {
    const bool is_character = code <= 0x10ffff && !is_between(code, 0xd800, 0xdfff);
    const bool is_control = code < 0xa0 || code == 0xad;
    const bool is_invisible =
        is_between(code, 0x200b, 0x200f) || is_between(code, 0x2028, 0x202e) ||
        is_between(code, 0x2060, 0x206f) || code == 0xfeff || is_between(code, 0xfff9, 0xfffb) ||
        is_between(code, 0xe0000, 0xe0fff);
    return is_character && !is_control && !is_invisible;
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
