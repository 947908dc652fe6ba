#include "common/connection/open_failure.hpp"

#include <doctest/doctest.h>

using namespace culvert;

TEST_CASE("why a channel was not opened is shown with all that the peer says") {
    struct Row {
        OpenFailure failure;
        std::string shown;
    };
    constexpr auto failed = OpenFailureReason::connect_failed;
    const std::string longer(1'000, 'x');
    for (const Row& row : {
             Row{{failed, "open failed"}, "connect failed: open failed"},
             Row{{failed, ""}, "connect failed"},
             Row{{failed, "\r\n"}, "connect failed"},
             Row{{failed, "refused\r\nby db\n"}, "connect failed: refused by db"},
             Row{{failed, "gr\xc3\xbc\xc3\x9f"}, "connect failed: gr\xc3\xbc\xc3\x9f"},
             Row{{failed, "gr\xfc\xdf \x1b[2J"}, "connect failed: gr\\xfc\\xdf \\x1b[2J"},
             Row{{failed, longer}, "connect failed: " + longer},
             Row{{OpenFailureReason{0xfe000001}, "busy"}, "refused (reason 4261412865): busy"},
         }) {
        CAPTURE(row.shown);
        CHECK(describe(row.failure) == row.shown);
    }
}
