#include "server/server_resources.hpp"

#include <memory>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "tests/unit/common/crypto/test_random.hpp"
#include "tests/unit/server/fake_broker.hpp"

using namespace culvert;

namespace {

Served served(std::uint64_t window_memory, unsigned per_source) {
    ServerConfig config = default_server_config();
    config.limits.window_memory = window_memory;
    config.limits.unauthenticated_per_source = per_source;
    test::SeededRandom random{1};
    return {std::make_shared<const ServerConfig>(std::move(config)),
            std::make_shared<const PrivateKey>(PrivateKey::generate(random, "host"))};
}

const IpAddress somewhere = IpAddress::parse("192.0.2.1").value();

}  // namespace

TEST_CASE("a connection keeps what it was given; those after a reload have all of the new") {
    std::vector<std::shared_ptr<const ServerConfig>> asked_for;
    const Served before = served(1 << 20, 1);
    const Served after = served(2 << 20, 2);
    ServerResources resources{before, [&](const Served& one, Resolver&, KeyReader&) {
                                  asked_for.push_back(one.config);
                                  return std::make_shared<test::FakeBroker>();
                              }};
    const ServerContext first = resources.context();
    CHECK(first.config == before.config);
    CHECK(first.broker.get() == &resources.broker());

    auto broker = resources.broker_for(after);
    // Made, but not in force: the reload may come to nothing.
    CHECK(resources.context().config == before.config);
    CHECK(resources.context().broker == first.broker);
    const Broker* const of_after = broker.get();
    resources.replace(after, std::move(broker));

    const ServerContext second = resources.context();
    CHECK(second.config == after.config);
    CHECK(second.broker.get() == of_after);
    CHECK(first.config == before.config);
    CHECK(first.broker != second.broker);
    CHECK(asked_for == std::vector{before.config, after.config});
}

TEST_CASE("the memory of all windows is one budget, whose limit a reload changes") {
    ServerResources resources{served(1 << 20, 1)};
    const ServerContext first = resources.context();
    CHECK(first.windows->has_room());
    const WindowBudget::Claim all{first.windows, 2 << 20};
    CHECK_FALSE(first.windows->has_room());
    const Served after = served(8 << 20, 1);
    resources.replace(after, resources.broker_for(after));
    CHECK(resources.context().windows == first.windows);
    CHECK(first.windows->has_room());
}

TEST_CASE("those who have not logged in are counted on, by the limits of now") {
    ServerResources resources{served(1 << 20, 1)};
    auto ticket = resources.admit(somewhere);
    CHECK(ticket);
    CHECK_FALSE(resources.admit(somewhere));
    const Served after = served(1 << 20, 2);
    resources.replace(after, resources.broker_for(after));
    auto second = resources.admit(somewhere);
    CHECK(second);
    CHECK_FALSE(resources.admit(somewhere));
    ticket.reset();
    CHECK(resources.admit(somewhere));
}
