#include "common/base/utf8.hpp"

#include <string>

#include <doctest/doctest.h>

using namespace culvert;

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
