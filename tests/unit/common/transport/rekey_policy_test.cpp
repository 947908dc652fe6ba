#include "common/transport/rekey_policy.hpp"

#include <doctest/doctest.h>

using namespace culvert;
using std::chrono::hours;
using std::chrono::seconds;

TEST_CASE("keys are replaced after a gigabyte, an hour or 2^31 packets (RFC 4253 9, RFC 4344 3)") {
    constexpr std::uint64_t gigabyte = 1'073'741'824;
    constexpr std::uint64_t packets = 2'147'483'648;
    struct Row {
        std::string_view name;
        KeyUse sent;
        KeyUse received;
        Duration age;
        bool due;
    };
    for (const Row& row : {
             Row{"new keys", {}, {}, {}, false},
             Row{"just below everything",
                 {gigabyte - 1, packets - 1},
                 {gigabyte - 1, packets - 1},
                 hours{1} - seconds{1},
                 false},
             Row{"sent bytes", {gigabyte, 1}, {}, {}, true},
             Row{"received bytes", {}, {gigabyte, 1}, {}, true},
             Row{"sent packets", {1, packets}, {}, {}, true},
             Row{"received packets", {}, {1, packets}, {}, true},
             Row{"age", {}, {}, hours{1}, true},
         }) {
        CAPTURE(row.name);
        CHECK(rekey_is_due(RekeyLimits{}, row.sent, row.received, row.age) == row.due);
    }
    RekeyLimits never_by_time;
    never_by_time.time = hours{0};
    CHECK(!rekey_is_due(never_by_time, {}, {}, hours{24 * 365}));
    CHECK(rekey_is_due(never_by_time, {gigabyte, 1}, {}, {}));
}
