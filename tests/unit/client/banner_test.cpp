#include "client/banner.hpp"

#include <doctest/doctest.h>

using namespace culvert;

TEST_CASE("a banner is shown line by line") {
    using Lines = std::vector<std::string>;
    struct Row {
        const char* name;
        std::string banner;
        Lines lines;
    };
    for (const Row& row : {
             Row{"nothing", "", {}},
             Row{"only line ends", "\r\n\n \t\n", {}},
             Row{"without an end", "one", {"one"}},
             Row{"CR LF", "one\r\ntwo\r\n", {"one", "two"}},
             Row{"LF", "one\ntwo\n", {"one", "two"}},
             Row{"CR", "one\rtwo\r", {"one", "two"}},
             Row{"the last one without an end", "one\r\ntwo", {"one", "two"}},
             Row{"an empty line within stays", "\n\none\r\n\r\ntwo\n\n", {"one", "", "two"}},
             Row{"blanks indent, and are dropped at the end", "  one  \n", {"  one"}},
             Row{"a tab", "a\tb\n12345678\tc\n", {"a       b", "12345678        c"}},
             Row{"UTF-8",
                 "Gr\xc3\xbc\xc3\x9f"
                 "e \xe2\x82\xac \xe6\x97\xa5\n",
                 {"Gr\xc3\xbc\xc3\x9f"
                  "e \xe2\x82\xac \xe6\x97\xa5"}},
             Row{"Latin-1 is no UTF-8",
                 "Gr\xfc\xdf"
                 "e\n",
                 {"Gr\\xfc\\xdfe"}},
             Row{"cut UTF-8", "\xe2\x82\n\xc3", {"\\xe2\\x82", "\\xc3"}},
             Row{"colours", "\x1b[31mred\x1b[0m\n", {"\\x1b[31mred\\x1b[0m"}},
             Row{"direction of text",
                 "a\xe2\x80\xae"
                 "b",
                 {"a\\xe2\\x80\\xaeb"}},
             Row{"C1 controls",
                 "a\xc2\x9b"
                 "b",
                 {"a\\xc2\\x9bb"}},
             Row{"NUL", std::string{"a\0b", 3}, {"a\\x00b"}},
         }) {
        CAPTURE(row.name);
        CHECK(banner_lines(row.banner) == row.lines);
    }
    CHECK(banner_lines(std::string(3'000, 'x')) == Lines{std::string(3'000, 'x')});
}
