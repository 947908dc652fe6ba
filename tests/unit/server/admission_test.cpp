#include "server/admission.hpp"

#include <vector>

#include <doctest/doctest.h>

#include "tests/unit/common/crypto/test_random.hpp"

using namespace culvert;

namespace {

IpAddress address(const std::string& text) { return *IpAddress::parse(text); }

/// So many connections of one source, and any number in all.
ServerLimits limits_of_a_source(unsigned most) {
    ServerLimits limits;
    limits.unauthenticated_per_source = most;
    limits.max_startups = {100, 100, 100};
    return limits;
}

/// The n-th of many sources.
IpAddress source(std::size_t n) {
    return address("10.0." + std::to_string(n / 250) + "." + std::to_string(n % 250 + 1));
}

}  // namespace

TEST_CASE("a source has so many connections that have not logged in") {
    test::SeededRandom random{1};
    Admission admission{random};
    const ServerLimits limits = limits_of_a_source(3);

    std::vector<Admission::Ticket> tickets;
    for (int i = 0; i < 3; ++i) {
        auto ticket = admission.admit(address("192.0.2.1"), limits);
        REQUIRE(ticket);
        tickets.push_back(std::move(*ticket));
    }
    CHECK(!admission.admit(address("192.0.2.1"), limits));
    CHECK(!admission.admit(address("::ffff:192.0.2.1"), limits));
    CHECK(admission.admit(address("192.0.2.2"), limits));
    tickets.pop_back();
    CHECK(admission.admit(address("192.0.2.1"), limits));
}

TEST_CASE("whoever has one IPv6 address has its /64, and counts as one source") {
    test::SeededRandom random{1};
    Admission admission{random};
    const ServerLimits limits = limits_of_a_source(1);
    const auto ticket = admission.admit(address("2001:db8::1"), limits);
    REQUIRE(ticket);
    CHECK(!admission.admit(address("2001:db8:0:0:ffff::2"), limits));
    CHECK(admission.admit(address("2001:db8:0:1::1"), limits));
}

TEST_CASE("max_startups drops none, some, all") {
    test::SeededRandom random{7};
    Admission admission{random};
    ServerLimits limits;
    limits.max_startups = {10, 30, 100};

    std::vector<Admission::Ticket> tickets;
    std::size_t dropped = 0;
    const auto try_one = [&](std::size_t n) {
        auto ticket = admission.admit(source(n), limits);
        if (ticket) {
            tickets.push_back(std::move(*ticket));
        } else {
            ++dropped;
        }
    };
    std::size_t n = 0;
    while (n < 10) try_one(n++);
    CHECK(dropped == 0);
    while (tickets.size() < 100 && n < 2000) try_one(n++);
    CHECK(tickets.size() == 100);
    CHECK(dropped > 30);
    dropped = 0;
    for (int i = 0; i < 50; ++i) try_one(n++);
    CHECK(dropped == 50);
    tickets.clear();
    dropped = 0;
    for (int i = 0; i < 10; ++i) try_one(n++);
    CHECK(dropped == 0);
}

TEST_CASE("a moved ticket counts once") {
    test::SeededRandom random{1};
    Admission admission{random};
    ServerLimits limits;
    limits.unauthenticated_per_source = 1;
    auto ticket = admission.admit(address("192.0.2.1"), limits);
    REQUIRE(ticket);
    {
        const Admission::Ticket moved{std::move(*ticket)};
        ticket.reset();
        CHECK(!admission.admit(address("192.0.2.1"), limits));
    }
    CHECK(admission.admit(address("192.0.2.1"), limits));
}
