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
             Row{"\xc3\xa9 \xe2\x82\xac", "\xc3\xa9 \xe2\x82\xac"},  // UTF-8
             Row{"\xe9t\xe9", "\\xe9t\\xe9"},                        // Latin-1
             Row{"\xc3", "\\xc3"}, Row{"\xc3(", "\\xc3("},           // cut
             Row{"\xc0\xaf", "\\xc0\\xaf"},                          // overlong
             Row{"\xed\xa0\x80", "\\xed\\xa0\\x80"},                 // half a surrogate pair
             Row{"\xc2\x9b", "\\xc2\\x9b"},                          // CSI in eight bits
             Row{"\xe2\x80\xae", "\\xe2\\x80\\xae"},                 // right-to-left override
             Row{"\\x41", "\\\\x41"},  // what looks escaped already stays apart
         }) {
        CAPTURE(row.shown);
        CHECK(escaped(row.text) == row.shown);
    }
}

TEST_CASE("long text is cut, and says so") {
    CHECK(escaped("abcd", 4) == "abcd");
    CHECK(escaped("abcde", 4) == "abcd...");
    CHECK(escaped("\n\n\n", 2) == "\\x0a\\x0a...");
    CHECK(escaped(std::string(4'096, 'x')) == std::string(4'096, 'x'));
    CHECK(escaped(std::string(5'000, 'x')) == std::string(4'096, 'x') + "...");
    // Between two characters.
    CHECK(escaped("a\xe2\x82\xac", 3) == "a...");
    CHECK(escaped("a\xe2\x82\xac", 4) == "a\xe2\x82\xac");
}

TEST_CASE("text with line breaks stands within a line") {
    struct Row {
        std::string text;
        std::string shown;
    };
    for (const Row& row : {
             Row{"", ""},
             Row{"\r\n", ""},
             Row{"no more keys\r\n", "no more keys"},
             Row{"\n  first\r\n\r\n\tsecond \nthird", "first second third"},
             Row{"a\tb", "a\\x09b"},
             Row{"\x1b[2J\nculvert: forged", "\\x1b[2J culvert: forged"},
         }) {
        CAPTURE(row.text);
        CHECK(escaped_in_line(row.text) == row.shown);
    }
    CHECK(with_peer_text("the peer ended the connection", "bye\r\n") ==
          "the peer ended the connection: bye");
    CHECK(with_peer_text("the peer ended the connection", " \n") ==
          "the peer ended the connection");
}
