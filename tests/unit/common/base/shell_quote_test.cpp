#include "common/base/shell_quote.hpp"

#include <doctest/doctest.h>

using namespace culvert;

TEST_CASE("a word is quoted so that a shell takes it for one word, and a terminal for text") {
    struct Row {
        const char* name;
        std::string word, quoted;
    };
    for (const Row& row : {
             Row{"a path", "/home/a/.ssh/id_ed25519", "/home/a/.ssh/id_ed25519"},
             Row{"nothing", "", "''"},
             Row{"a blank", "/home/a b/key", "'/home/a b/key'"},
             Row{"a tilde isn't the home folder", "~/key", "'~/key'"},
             Row{"brackets are a pattern", "[::1]:22", "'[::1]:22'"},
             Row{"a command", "$(x)`y`;z&\"", "'$(x)`y`;z&\"'"},
             Row{"a single quote", "it's", "'it'\\''s'"},
             Row{"umlauts", "/home/b\xc3\xbc/key", "'/home/b\xc3\xbc/key'"},
             Row{"an escape sequence", "a\x1b[2J'\\b", "$'a\\033[2J\\'\\\\b'"},
             Row{"a line break", "a\nb", "$'a\\012b'"},
             Row{"no UTF-8", "a\xffz", "$'a\\377z'"},
             Row{"digits behind an octal escape",
                 "\x01"
                 "7",
                 "$'\\0017'"},
         }) {
        CAPTURE(row.name);
        CHECK(shell_quoted(row.word) == row.quoted);
    }
}
