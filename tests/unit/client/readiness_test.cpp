#include "client/readiness.hpp"

#include <string>
#include <vector>

#include <doctest/doctest.h>
#include <asio/io_context.hpp>

#include "client/config.hpp"
#include "tests/unit/common/base/temporary_folder.hpp"
#include "tests/unit/common/net/fake_service_manager.hpp"
#include "tests/unit/common/net/run.hpp"

using namespace culvert;
using namespace std::chrono_literals;

namespace {

TunnelStatus tunnel(const std::string& name, bool required = false) {
    TunnelStatus status;
    status.name = name;
    status.required = required;
    return status;
}

/// What one is told who waits for the tunnels of a client.
class Waiting {
public:
    explicit Waiting(const Readiness::Times& times = {.ready_timeout = default_ready_timeout,
                                                      .quick_start = default_ready_timeout})
        : readiness{io.get_executor(),
                    ServiceManager{folder_.path("notify")},
                    times,
                    {.statuses = [this] { return tunnels; }, .on_up = [this] { ++ups; }}} {}
    Waiting(const Waiting&) = delete;
    Waiting& operator=(const Waiting&) = delete;
    ~Waiting() {
        readiness.stop_watching();
        run_all();
    }

    /// What happens before anything has to wait.
    void run_all() {
        io.restart();
        io.poll();
    }
    /// What is told when these have changed.
    std::string told_after_change() {
        readiness.on_change();
        run_all();
        return manager_.hears();
    }
    std::string told() { return manager_.hears(); }
    /// The start's time passes.
    void run_to_end() {
        io.restart();
        io.run();
    }

private:
    TemporaryFolder folder_;
    test::FakeServiceManager manager_{folder_.path("notify")};

public:
    asio::io_context io;
    std::vector<TunnelStatus> tunnels{tunnel("mail"), tunnel("news")};
    int ups = 0;
    Readiness readiness;
};

void go_up(TunnelStatus& status) {
    status.listeners_tried = true;
    status.has_been_up = true;
    status.up = status.connections;
    status.failure.clear();
}

}  // namespace

TEST_CASE("a service is ready when every listener was tried and what is required is up") {
    Waiting waiting;
    waiting.tunnels = {tunnel("mail", true), tunnel("news")};
    waiting.readiness.start();
    waiting.run_all();
    waiting.tunnels[0].listeners_tried = true;
    CHECK(waiting.told_after_change().empty());
    waiting.tunnels[1].listeners_tried = true;
    CHECK(waiting.told_after_change().empty());
    CHECK(waiting.ups == 0);
    go_up(waiting.tunnels[0]);
    CHECK(waiting.told_after_change() ==
          "READY=1\nSTATUS=1 of 2 tunnels up; news: connecting; mail: up");
    CHECK(waiting.ups == 0);
    // From here on each change is told, once.
    go_up(waiting.tunnels[1]);
    CHECK(waiting.told_after_change() == "STATUS=2 of 2 tunnels up; mail: up; news: up");
    CHECK(waiting.told_after_change().empty());
    CHECK(waiting.ups == 1);
    waiting.tunnels[1].up = 0;
    waiting.tunnels[1].failure = "gw:22: connection lost";
    CHECK(waiting.told_after_change() ==
          "STATUS=1 of 2 tunnels up; news: down: gw:22: connection lost; mail: up");
    go_up(waiting.tunnels[1]);
    CHECK(waiting.told_after_change() == "STATUS=2 of 2 tunnels up; mail: up; news: up");
    CHECK(waiting.ups == 1);
}

TEST_CASE("all changes of one turn are looked at once") {
    Waiting waiting;
    for (TunnelStatus& status : waiting.tunnels) go_up(status);
    for (int i = 0; i < 3; ++i) waiting.readiness.on_change();
    CHECK(waiting.told().empty());
    waiting.run_all();
    CHECK(waiting.told() == "READY=1\nSTATUS=2 of 2 tunnels up; mail: up; news: up");
    CHECK(waiting.told().empty());
    CHECK(waiting.ups == 1);
}

TEST_CASE("a quick start tells failures alone; one that takes longer tells each state") {
    Waiting quick;
    quick.readiness.start();
    quick.run_all();
    CHECK(quick.told_after_change().empty());
    quick.tunnels[1].failure = "gw:22: connection refused";
    CHECK(quick.told_after_change() ==
          "STATUS=0 of 2 tunnels up; mail: connecting; news: down: gw:22: connection refused");

    Waiting slow{{.ready_timeout = default_ready_timeout, .quick_start = 1ms}};
    slow.readiness.start();
    slow.io.restart();
    std::string told;
    while (told.empty() && slow.io.run_one_for(30s * time_factor()) > 0) told = slow.told();
    CHECK(told == "STATUS=0 of 2 tunnels up; mail: connecting; news: connecting");
}

TEST_CASE("a service that isn't ready in time is said to be, with what it lacks") {
    Waiting waiting{{.ready_timeout = 2ms}};
    waiting.tunnels = {tunnel("mail", true)};
    waiting.tunnels[0].failure = "gw:22: connection refused";
    waiting.readiness.start();
    waiting.run_to_end();
    CHECK(waiting.told() == "STATUS=mail: down: gw:22: connection refused");
    CHECK(waiting.told() == "READY=1\nSTATUS=mail: down: gw:22: connection refused");
    CHECK(waiting.told().empty());
}

TEST_CASE("a manager whose limit is too short for the start is told of the longer one") {
    Waiting waiting{{.ready_timeout = 2 * default_ready_timeout}};
    waiting.readiness.start();
    CHECK(waiting.told() == "EXTEND_TIMEOUT_USEC=130000000");
    Waiting usual{{.ready_timeout = default_ready_timeout}};
    usual.readiness.start();
    CHECK(usual.told().empty());
    waiting.run_all();
    usual.run_all();
}

TEST_CASE("a reload is told once the service is ready, and ends with what holds then") {
    Waiting waiting;
    waiting.readiness.on_reloading();
    waiting.readiness.on_reloaded();
    CHECK(waiting.told().empty());
    waiting.tunnels = {tunnel("mail")};
    go_up(waiting.tunnels[0]);
    CHECK(waiting.told_after_change() == "READY=1\nSTATUS=mail: up");

    waiting.readiness.on_reloading();
    CHECK(waiting.told().starts_with("RELOADING=1\nMONOTONIC_USEC="));
    waiting.tunnels.push_back(tunnel("news"));
    waiting.readiness.on_reloaded();
    CHECK(waiting.told() == "READY=1\nSTATUS=1 of 2 tunnels up; news: connecting; mail: up");
    CHECK(waiting.told_after_change().empty());
}

TEST_CASE("a client that ends tells no status any more, and is up for whoever waits for that") {
    Waiting waiting;
    waiting.readiness.start();
    waiting.run_all();
    waiting.readiness.stop_watching();
    waiting.readiness.on_stopping(30s);
    CHECK(waiting.told() == "STOPPING=1\nEXTEND_TIMEOUT_USEC=40000000");
    for (TunnelStatus& status : waiting.tunnels) go_up(status);
    CHECK(waiting.told_after_change().empty());
    CHECK(waiting.ups == 1);
}
