#include "common/base/wildcard.hpp"

#include <string>

#include <doctest/doctest.h>

using namespace culvert;

TEST_CASE("a pattern matches the whole text") {
    struct Row {
        std::string pattern;
        std::string text;
        bool matches;
    };
    for (const Row& row : {
             Row{"", "", true},
             Row{"", "a", false},
             Row{"*", "", true},
             Row{"*", "anything", true},
             Row{"?", "", false},
             Row{"?", "a", true},
             Row{"a?c", "abc", true},
             Row{"a?c", "ac", false},
             Row{"*.example.com", "www.example.com", true},
             Row{"*.example.com", "example.com", false},
             Row{"*.example.com", "www.example.com.evil", false},
             Row{"a*b*c", "a-b-b-c", true},
             Row{"a*b*c", "a-c-b", false},
             Row{"a**b", "ab", true},
             Row{"ABC", "abc", false},
             Row{"10.0.0.*", "10.0.0.1", true},
         }) {
        CAPTURE(row.pattern);
        CAPTURE(row.text);
        CHECK(wildcard_match(row.pattern, row.text) == row.matches);
    }
}

TEST_CASE("many stars take no exponential time") {
    std::string pattern;
    for (int i = 0; i < 1'000; ++i) pattern += "*a";
    CHECK(!wildcard_match(pattern + "b", std::string(10'000, 'a')));
}
