#include "server/daemon.hpp"

#include <signal.h>

#include <functional>
#include <new>
#include <stdexcept>
#include <system_error>
#include <vector>

#include <doctest/doctest.h>

#include "common/base/error.hpp"
#include "tests/unit/common/crypto/test_random.hpp"

namespace culvert {
namespace {

Served served(const Endpoint& listen) {
    ServerConfig config = default_server_config();
    config.listen = {listen};
    config.threads = 1;
    test::SeededRandom random{1};
    return {std::make_shared<const ServerConfig>(std::move(config)),
            std::make_shared<const PrivateKey>(PrivateKey::generate(random, "host"))};
}

const Endpoint loopback{"127.0.0.1", 0};

/// Runs a daemon that is told to reload, then to log its status and then to end, with what
/// `at_reload` returns. Returns how often it has reloaded.
int run_through_a_reload(const std::function<Served()>& at_reload) {
    int reloads = 0;
    Daemon daemon{[&](Daemon::Loading when) {
        if (when == Daemon::Loading::at_start) return served(loopback);
        ++reloads;
        ::raise(SIGUSR1);
        ::raise(SIGTERM);
        return at_reload();
    }};
    ::raise(SIGHUP);
    daemon.run();
    return reloads;
}

}  // namespace

TEST_CASE("a reload that fails ends nothing, whatever it throws") {
    const std::vector<std::function<Served()>> failures{
        []() -> Served {
            throw Error{ErrorKind::config, "a mistake"};
        },
        []() -> Served { throw std::bad_alloc{}; },
        []() -> Served {
            throw std::system_error{ENOSPC, std::generic_category(), "epoll_ctl"};
        },
        []() -> Served { throw std::length_error{"too long"}; }};
    for (const auto& failure : failures) CHECK(run_through_a_reload(failure) == 1);
}

TEST_CASE("a reload that succeeds, and one whose address can't be had, end nothing") {
    CHECK(run_through_a_reload([] { return served(loopback); }) == 1);
    CHECK(run_through_a_reload([] { return served({"192.0.2.1", 1}); }) == 1);
}

TEST_CASE("a start that fails ends the daemon with the reason") {
    Daemon daemon{[](Daemon::Loading) { return served({"192.0.2.1", 1}); }};
    CHECK_THROWS_AS(daemon.run(), Error);
    CHECK_THROWS_AS(Daemon{[](Daemon::Loading) -> Served { throw std::bad_alloc{}; }},
                    std::bad_alloc);
}

}  // namespace culvert
