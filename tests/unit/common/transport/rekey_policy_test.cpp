#include "common/transport/rekey_policy.hpp"

#include <doctest/doctest.h>

using namespace culvert;
using namespace std::chrono_literals;

namespace {

constexpr std::uint64_t gigabyte = 1'073'741'824;
constexpr TimePoint start{1000h};

}  // namespace

TEST_CASE("keys are replaced after a gigabyte, an hour or 2^31 packets (RFC 4253 9, RFC 4344 3)") {
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
                 1h - 1s,
                 false},
             Row{"sent bytes", {gigabyte, 1}, {}, {}, true},
             Row{"received bytes", {}, {gigabyte, 1}, {}, true},
             Row{"sent packets", {1, packets}, {}, {}, true},
             Row{"received packets", {}, {1, packets}, {}, true},
             Row{"age", {}, {}, 1h, true},
         }) {
        CAPTURE(row.name);
        RekeyPolicy policy{RekeyLimits{}};
        policy.on_keys(start);
        CHECK(policy.is_due(row.sent, row.received, start + row.age) == row.due);
        policy.on_exchange_begun(start + row.age);
        CHECK_FALSE(policy.is_due(row.sent, row.received, start + row.age));
    }
}

TEST_CASE("keys may live however long") {
    RekeyLimits never_by_time;
    never_by_time.time = 0h;
    RekeyPolicy policy{never_by_time};
    policy.on_keys(start);
    CHECK_FALSE(policy.is_due({}, {}, start + 24h * 365));
    CHECK(policy.is_due({gigabyte, 1}, {}, start));
    CHECK_FALSE(policy.next_deadline());
}

TEST_CASE("an exchange has two minutes, and the next keys are young again") {
    RekeyPolicy policy{RekeyLimits{}};
    policy.on_keys(start);
    CHECK(policy.next_deadline() == start + 1h);
    CHECK_FALSE(policy.is_overdue(start + 2h));
    policy.on_exchange_begun(start + 1h);
    CHECK(policy.next_deadline() == start + 1h + 120s);
    CHECK_FALSE(policy.is_overdue(start + 1h + 120s - 1ns));
    CHECK(policy.is_overdue(start + 1h + 120s));
    policy.on_keys(start + 1h + 1s);
    CHECK_FALSE(policy.is_overdue(start + 9h));
    CHECK(policy.next_deadline() == start + 2h + 1s);
    CHECK_FALSE(policy.is_due({}, {}, start + 2h));
}
