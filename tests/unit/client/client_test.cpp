#include "client/client.hpp"

#include <signal.h>
#include <stdlib.h>

#include <cerrno>
#include <functional>
#include <new>
#include <stdexcept>
#include <string>
#include <system_error>
#include <vector>

#include <doctest/doctest.h>

#include "client/defaults.hpp"
#include "common/base/error.hpp"
#include "common/log/log.hpp"
#include "tests/unit/common/base/temporary_folder.hpp"
#include "tests/unit/common/config/made_up_environment.hpp"
#include "tests/unit/common/net/fake_service_manager.hpp"
#include "tests/unit/common/net/loopback.hpp"

namespace culvert {
namespace {

using namespace std::chrono_literals;

/// The clients of a test, whose server refuses each connection.
class Clients {
public:
    Clients() {
        start_log("test", {.level = LogLevel::off});
        ::setenv("NOTIFY_SOCKET", folder_.path("notify").c_str(), 1);
    }
    Clients(const Clients&) = delete;
    Clients& operator=(const Clients&) = delete;
    ~Clients() {
        ::unsetenv("NOTIFY_SOCKET");
        start_log("test");
    }

    /// A free local port each.
    ClientConfig config(const std::vector<std::string>& names) {
        ClientConfig made;
        for (const std::string& name : names) {
            TunnelSettings& tunnel =
                made.tunnels.emplace_back(default_tunnel_settings(made_up_environment()));
            tunnel.name = name;
            tunnel.server = {"127.0.0.1", server_.endpoint().port()};
            tunnel.forwards = {{"127.0.0.1", 0, {"target", 80}}};
        }
        made.threads = 1;
        made.drain = 1h;
        made.log.level = LogLevel::off;
        return made;
    }
    /// What the service manager has been told so far, each message's first line.
    std::vector<std::string> told() {
        std::vector<std::string> all;
        for (std::string one = manager_.hears(); !one.empty(); one = manager_.hears()) {
            all.push_back(one.substr(0, one.find('\n')));
        }
        return all;
    }

private:
    asio::io_context io_;
    Refusing server_{io_};
    TemporaryFolder folder_;
    test::FakeServiceManager manager_{folder_.path("notify")};
};

}  // namespace

TEST_CASE("a tunnel of the command line whose first connection fails ends the client with 1") {
    Clients clients;
    int ends = 0;
    Client client{
        clients.config({"gw"}),
        FirstFailure::ends,
        {.on_up = [] { FAIL("it is not up"); }, .on_ending = [&] { ++ends; }, .reload = {}}};
    CHECK(client.run() == exit_work_failed);
    CHECK(ends == 0);
}

TEST_CASE("a client that SIGTERM or SIGINT ends has ended as asked, whatever its tunnels lack") {
    for (const int signal : {SIGTERM, SIGINT}) {
        Clients clients;
        int ends = 0;
        Client client{clients.config({"mail", "news"}),
                      FirstFailure::is_outlived,
                      {.on_up = {}, .on_ending = [&] { ++ends; }, .reload = {}}};
        ::raise(signal);
        CHECK(client.run() == exit_as_asked);
        CHECK(ends == 1);
        CHECK(clients.told().back() == "STOPPING=1");
    }
}

TEST_CASE("a bad identity file ends the start") {
    Clients clients;
    const TemporaryFolder folder;
    ClientConfig config = clients.config({"gw"});
    config.tunnels[0].identities = {folder.write("id", "no key")};
    config.tunnels[0].identities_defaulted = false;
    Client client{std::move(config), FirstFailure::ends, {}};
    CHECK_THROWS_AS(client.run(), Error);
}

TEST_CASE("a reload that fails ends nothing, whatever it throws") {
    const std::vector<std::function<ClientConfig()>> failures{
        []() -> ClientConfig {
            throw Error{ErrorKind::config, "a mistake"};
        },
        []() -> ClientConfig { throw std::bad_alloc{}; },
        []() -> ClientConfig {
            throw std::system_error{ENOSPC, std::generic_category(), "epoll_ctl"};
        }};
    for (const auto& failure : failures) {
        Clients clients;
        int reloads = 0;
        Client client{clients.config({"mail"}),
                      FirstFailure::is_outlived,
                      {.on_up = {}, .on_ending = {}, .reload = [&] {
                           ++reloads;
                           ::raise(SIGUSR1);
                           ::raise(SIGTERM);
                           return failure();
                       }}};
        ::raise(SIGHUP);
        CHECK(client.run() == exit_as_asked);
        CHECK(reloads == 1);
    }
}

TEST_CASE("a reload takes the tunnels of the new configuration, and none once the end has begun") {
    Clients clients;
    int reloads = 0;
    Client client{clients.config({"mail"}),
                  FirstFailure::is_outlived,
                  {.on_up = {},
                   .on_ending = [] { ::raise(SIGHUP); },
                   .reload =
                       [&] {
                           ++reloads;
                           ::raise(SIGTERM);
                           return clients.config({"mail", "news"});
                       }}};
    ::raise(SIGHUP);
    CHECK(client.run() == exit_as_asked);
    CHECK(reloads == 1);
}

}  // namespace culvert
