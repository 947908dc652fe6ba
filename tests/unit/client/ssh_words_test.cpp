#include "client/ssh_words.hpp"

#include <doctest/doctest.h>

#include "tests/unit/client/command_line.hpp"

using namespace culvert;
using namespace culvert::test;

TEST_CASE("words are quoted as in ssh_config (ssh_config(5))") {
    struct Row {
        std::string text;
        Words words;
    };
    for (const Row& row : {
             Row{"", {}},
             Row{" \t", {}},
             Row{"a b\tc", {"a", "b", "c"}},
             Row{"\"a b\" c", {"a b", "c"}},
             Row{"'a b' \"c d\"", {"a b", "c d"}},
             Row{"a\\ b c", {"a b", "c"}},
             Row{"\"a\\ b\"", {"a\\ b"}},
             Row{"a\"b c\"d", {"ab cd"}},
             Row{"\"it's\" 'say \"hi\"'", {"it's", "say \"hi\""}},
             Row{"\\\"a\\\" \\'b", {"\"a\"", "'b"}},
             Row{"\"a\\\"b\"", {"a\"b"}},
             Row{"a\\\\b c\\d", {"a\\b", "c\\d"}},
             Row{"\"\" a", {"", "a"}},
             Row{"a # b", {"a"}},
             Row{"a#b '#c'", {"a#b", "#c"}},
             Row{"a\\", {"a\\"}},
         }) {
        CAPTURE(row.text);
        CHECK(ssh_words(row.text) == row.words);
    }
    for (const std::string text : {"\"a", "a 'b c", "a\"", "\"a\\\"", "'it's'"}) {
        CAPTURE(text);
        CHECK_THROWS_WITH_AS(ssh_words(text), doctest::Contains("that is not closed"), Error);
    }
}

TEST_CASE("quoted words are read as they were") {
    for (const std::string word : {"a", "a b", "", "it's", "say \"hi\"", "a\\b", "#a", "a\\ b"}) {
        CAPTURE(word);
        CHECK(ssh_words(ssh_quoted(word)) == Words{word});
    }
    CHECK(ssh_quoted("a") == "a");
    CHECK(ssh_quoted("a b") == "\"a b\"");
}

TEST_CASE("quotes hold for every -o") {
    CHECK(with_option("UserKnownHostsFile=\"/x/My Files/kh\"").user_known_hosts ==
          Words{"/x/My Files/kh"});
    CHECK(with_option("UserKnownHostsFile=/x/My\\ Files/kh /b").user_known_hosts ==
          Words{"/x/My Files/kh", "/b"});
    CHECK(with_option("GlobalKnownHostsFile '/a b' \"/c d\"").global_known_hosts ==
          Words{"/a b", "/c d"});
    CHECK(with_option("IdentityFile='~/My Keys/id'").identities == Words{"/home/alice/My Keys/id"});
    CHECK(with_option("User=\"first last\"").user == "first last");
    CHECK(with_option("Port='2222'").server.port == 2222);
    CHECK(with_option("RekeyLimit='1G' \"1h\"").rekey_limit.after == std::chrono::hours{1});
    const auto option_error = [](const std::string& option) {
        return error_of({"-o", option, "gw", "1:h:2"});
    };
    CHECK(contains(option_error("UserKnownHostsFile=\"/a"),
                   "-o UserKnownHostsFile: a quote (\") that is not closed"));
    CHECK(contains(option_error("LogLevel='INFO"), "not closed"));
    CHECK(contains(option_error("IdentityFile=/a b"), "takes one value and was given 2 words"));
    CHECK(contains(option_error("Port=\"\""), "the value is missing"));
}
