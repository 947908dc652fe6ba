#include "common/config/byte_size.hpp"

#include <doctest/doctest.h>

namespace culvert {

TEST_CASE("sizes as ssh_config writes them") {
    struct Row {
        std::string_view text;
        std::optional<std::uint64_t> bytes;
    };
    for (const Row& row : {
             Row{"0", 0},
             Row{"4096", 4096},
             Row{"16K", 16'384},
             Row{"4m", 4'194'304},
             Row{"1G", 1'073'741'824},
             Row{"8589934591G", 9'223'372'035'781'033'984ULL},
             Row{"8589934592G", std::nullopt},
             Row{"9223372036854775808", std::nullopt},
             Row{"99999999999999999999", std::nullopt},
             Row{"", std::nullopt},
             Row{"K", std::nullopt},
             Row{"4 M", std::nullopt},
             Row{"4MB", std::nullopt},
             Row{"-1", std::nullopt},
             Row{"4T", std::nullopt},
         }) {
        CAPTURE(row.text);
        CHECK(parse_byte_size(row.text) == row.bytes);
    }
}

}  // namespace culvert
