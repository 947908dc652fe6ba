#include "common/base/escape.hpp"

#include <doctest/doctest.h>

using namespace culvert;

TEST_CASE("text of others can't steer a terminal or forge a log line") {
    struct Row {
        std::string text;
        std::string shown;
    };
    for (const Row& row : {
             Row{"plain text, ~{}", "plain text, ~{}"}, Row{"", ""},
             Row{"two\nlines\r", "two\\x0alines\\x0d"}, Row{"\x1b[2J", "\\x1b[2J"},
             Row{std::string{"a\0b", 3}, "a\\x00b"}, Row{"\x7f", "\\x7f"},
             Row{"\xc3\xa9", "\\xc3\\xa9"},           // not ASCII
             Row{"\xe2\x80\xae", "\\xe2\\x80\\xae"},  // right-to-left override
             Row{"\\x41", "\\\\x41"},                 // what looks escaped already stays apart
         }) {
        CAPTURE(row.shown);
        CHECK(escaped(row.text) == row.shown);
    }
}

TEST_CASE("long text is cut, and says so") {
    CHECK(escaped("abcd", 4) == "abcd");
    CHECK(escaped("abcde", 4) == "abcd...");
    CHECK(escaped("\n\n\n", 2) == "\\x0a\\x0a...");
    CHECK(escaped(std::string(300, 'x')) == std::string(256, 'x') + "...");
}
