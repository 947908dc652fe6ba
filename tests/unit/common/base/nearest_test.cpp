#include "common/base/nearest.hpp"

#include <array>
#include <string>

#include <doctest/doctest.h>

using namespace culvert;

TEST_CASE("the nearest word is the one with the fewest edits") {
    constexpr std::array<std::string_view, 4> keys{"server", "identity", "forwards", "to"};
    struct Row {
        std::string word;
        std::string nearest;
    };
    for (const Row& row : {
             Row{"sever", "server"},
             Row{"Server", "server"},
             Row{"srever", "server"},
             Row{"serverr", "server"},
             Row{"forward", "forwards"},
             Row{"identitys", "identity"},
             Row{"identities", ""},   // three
             Row{"identify me", ""},  // four edits of eleven letters make another word
             Row{"ot", "to"},
             Row{"x", ""},
             Row{"", ""},
             Row{"compression", ""},
         }) {
        CAPTURE(row.word);
        CHECK(nearest(row.word, keys) == row.nearest);
    }
    CHECK(did_you_mean("sever", keys) == ", did you mean 'server'?");
    CHECK(did_you_mean("compression", keys).empty());
    CHECK(nearest(std::string(1'000'000, 's'), keys).empty());
}
