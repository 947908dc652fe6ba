#include "common/base/utf8.hpp"

#include <array>
#include <cstdint>
#include <string>

#include <doctest/doctest.h>

using namespace culvert;

namespace {

std::string utf8(char32_t code) {
    const auto tail = [code](int shift) {
        return static_cast<char>(0x80 | ((code >> shift) & 0x3f));
    };
    if (code < 0x800) return {static_cast<char>(0xc0 | (code >> 6)), tail(0)};
    if (code < 0x10000) return {static_cast<char>(0xe0 | (code >> 12)), tail(6), tail(0)};
    return {static_cast<char>(0xf0 | (code >> 18)), tail(12), tail(6), tail(0)};
}

struct Range {
    char32_t first, last;
};

/// Unicode 15.0, PropList.txt.
constexpr auto bidi_control =
    std::to_array<Range>({{0x061c, 0x061c}, {0x200e, 0x200f}, {0x202a, 0x202e}, {0x2066, 0x2069}});

/// Unicode 15.0, DerivedCoreProperties.txt.
constexpr auto default_ignorable = std::to_array<Range>({{0x00ad, 0x00ad},
                                                         {0x034f, 0x034f},
                                                         {0x061c, 0x061c},
                                                         {0x115f, 0x1160},
                                                         {0x17b4, 0x17b5},
                                                         {0x180b, 0x180f},
                                                         {0x200b, 0x200f},
                                                         {0x202a, 0x202e},
                                                         {0x2060, 0x206f},
                                                         {0x3164, 0x3164},
                                                         {0xfe00, 0xfe0f},
                                                         {0xfeff, 0xfeff},
                                                         {0xffa0, 0xffa0},
                                                         {0xfff0, 0xfff8},
                                                         {0x1bca0, 0x1bca3},
                                                         {0x1d173, 0x1d17a},
                                                         {0xe0000, 0xe0fff}});

}  // namespace

TEST_CASE("a character beyond ASCII is shown if it is well-formed and visible (RFC 3629)") {
    struct Row {
        const char* name;
        std::string text;
        std::size_t length;
    };
    for (const Row& row : {
             Row{"nothing", "", 0},
             Row{"ASCII isn't asked about", "a", 0},
             Row{"two bytes", "\xc3\xbc.example", 2},
             Row{"three bytes", "\xe2\x82\xac", 3},
             Row{"four bytes", "\xf0\x9f\x98\x80", 4},
             Row{"the last character of all", "\xf4\x8f\xbf\xbf", 4},
             Row{"cut off", "\xe2\x82", 0},
             Row{"no lead byte", "\x82\xac", 0},
             Row{"a lead byte instead of the second", "\xc3\xc3", 0},
             Row{"overlong slash, two bytes", "\xc0\xaf", 0},
             Row{"overlong slash, three bytes", "\xe0\x80\xaf", 0},
             Row{"overlong, four bytes", "\xf0\x80\x80\xaf", 0},
             Row{"a surrogate", "\xed\xa0\x80", 0},
             Row{"beyond the last character", "\xf4\x90\x80\x80", 0},
             Row{"a C1 control, CSI", "\xc2\x9b", 0},
             Row{"the first behind C1", "\xc2\xa0", 2},
             Row{"right-to-left override", "\xe2\x80\xae", 0},
             Row{"isolate", "\xe2\x81\xa6", 0},
             Row{"zero width space", "\xe2\x80\x8b", 0},
             Row{"line separator", "\xe2\x80\xa8", 0},
             Row{"byte order mark", "\xef\xbb\xbf", 0},
             Row{"a tag character", "\xf3\xa0\x81\x81", 0},
         }) {
        CAPTURE(row.name);
        CHECK(shown_utf8_length(row.text) == row.length);
    }
}

TEST_CASE("nothing that Unicode calls a Bidi_Control or Default_Ignorable is shown") {
    const auto check_all = [](const auto& ranges) {
        for (const Range& range : ranges) {
            for (char32_t code = range.first; code <= range.last; ++code) {
                CAPTURE(static_cast<std::uint32_t>(code));
                CHECK(shown_utf8_length(utf8(code)) == 0);
            }
        }
    };
    check_all(bidi_control);
    check_all(default_ignorable);
    // Their neighbours that are characters of a script.
    for (const char32_t code : std::to_array<char32_t>(
             {0x00ae, 0x034e, 0x0350, 0x061b, 0x061d, 0x115e,  0x1161,  0x17b3, 0x17b6,
              0x180a, 0x1810, 0x2010, 0x2027, 0x202f, 0x2070,  0x3163,  0x3165, 0xfdff,
              0xfe10, 0xff9f, 0xffa1, 0xfffc, 0xfffd, 0x1bc9f, 0x1d172, 0x1d17b})) {
        CAPTURE(static_cast<std::uint32_t>(code));
        CHECK(shown_utf8_length(utf8(code)) == utf8(code).size());
    }
}
