#include "common/base/host_syntax.hpp"

#include <string>

#include <doctest/doctest.h>

using namespace culvert;

TEST_CASE("what can't be a host name, and what is wrong with it") {
    struct Row {
        std::string text;
        std::string wrong;
    };
    for (const Row& row : {
             Row{"", "it is empty"},
             Row{" ", "it begins with a blank"},
             Row{" localhost", "it begins with a blank"},
             Row{"\xef\xbb\xbflocalhost", "it begins with a blank"},
             Row{"127.0.0.1 ", "it ends with a blank"},
             Row{"127.0.0.1\t", "it ends with a blank"},
             Row{"127.0.0.1\r\n", "it ends with a blank"},
             Row{"127.0.0.1\xc2\xa0", "it ends with a blank"},
             Row{"127.0.0.1\xe2\x80\x8b", "it ends with a blank"},
             Row{"two words", "it has a blank in it"},
             Row{std::string{"a\0b", 3}, "it has a control character in it"},
             Row{"\xc3\xb1"
                 "and\xc3\xba.example",
                 "it has characters beyond ASCII (IDNA writes them as xn--...)"},
             Row{"\xff\xfe", "it has characters beyond ASCII (IDNA writes them as xn--...)"},
             Row{std::string(256, 'a'), "it has more than 255 characters"},
             Row{"[::1]", "it has '[' in it"},
             Row{"http://gw", "it has '/' in it"},
             Row{"alice@gw", "it has '@' in it"},
             Row{"db,web", "it has ',' in it"},
             Row{"*.example.com", "it has '*' in it"},
             Row{"db?", "it has '?' in it"},
             Row{"gw:80", "it has ':' in it and is no IPv6 address"},
             Row{"gw%eth0", "it has '%' in it and is no IPv6 address"},
             Row{"127.0.0.1%lo", "it has '%' in it and is no IPv6 address"},
         }) {
        CAPTURE(row.text);
        CHECK(why_no_host_name(row.text) == "not a host name: " + row.wrong);
    }
}

TEST_CASE("what may be a host name or an address") {
    for (const std::string text :
         {"localhost", "LOCALHOST.", "a_b.example", "xn--and-6ma2c.example", "127.0.0.1", "127.1",
          "0x7f000001", "::1", "fe80::1%eth0", "::ffff:127.0.0.1", "-", "a~b+c"}) {
        CAPTURE(text);
        CHECK(!why_no_host_name(text));
    }
    CHECK(!why_no_host_name(std::string(255, 'a')));
}

TEST_CASE("a pattern is a host name that may hold wildcards") {
    for (const std::string text : {"*.example.com", "db?", "*", "gw", "127.0.0.1"}) {
        CAPTURE(text);
        CHECK(!why_no_host_pattern(text));
    }
    CHECK(why_no_host_pattern("*.example.com,db") == "not a host name: it has ',' in it");
    CHECK(why_no_host_pattern("") == "not a host name: it is empty");
    CHECK(why_no_host_pattern(std::string(256, '*')) ==
          "not a host name: it has more than 255 characters");
}
