#include "client/client_connection.hpp"

#include <functional>

#include <doctest/doctest.h>
#include <fmt/ranges.h>
#include <asio/write.hpp>

#include "client/defaults.hpp"
#include "client/keygen.hpp"
#include "tests/unit/client/in_process_servers.hpp"
#include "tests/unit/common/base/temporary_folder.hpp"
#include "tests/unit/common/config/made_up_environment.hpp"

namespace culvert {
namespace {

using test::receive;
using test::receive_end;
using test::Servers;

/// A tunnel of one connection: notes what it is told.
class FakeTunnel final : public ClientConnectionOwner {
public:
    explicit FakeTunnel(FirstFailure first_failure = FirstFailure::ends)
        : first_failure_{first_failure} {
        start_log("test", {.level = LogLevel::off});
        generate_key_pair({folder_.path("id"), "me", true}, random_,
                          {{}, [](const std::string&) {}});
        settings_.server = {"gw", 22};
        settings_.user = "alice";
        settings_.identities = {folder_.path("id")};
        settings_.identities_defaulted = false;
        settings_.agent.reset();
        connection.emplace(context.get_executor(), shared_, 0, Identities{settings_});
    }
    ~FakeTunnel() { start_log("test"); }

    // ClientConnectionOwner
    awaitable<std::optional<PublicKey>> wait_for_turn(std::size_t) override {
        co_return std::nullopt;
    }
    awaitable<void> check_host_key(PublicKey) override {
        if (!trusts_host) throw Error{ErrorKind::host_key, "not this one"};
        co_return;
    }
    void on_ready(std::size_t) override { note("ready"); }
    void on_up(std::size_t, const PublicKey&) override { note("up"); }
    void on_lost(std::size_t, const std::string& why) override { note("lost: " + why); }
    void on_over(std::size_t, const std::exception_ptr& why) override {
        note(why ? "over: " + text_of_exception(why) : "over");
    }
    void on_not_carried(std::size_t, LocalConnection connection) override {
        given_back.push_back(std::move(connection));
        note("not carried");
    }

    /// What connects to the forward: the program's end.
    TcpSocket connect() {
        auto [program, accepted] = test::connect_program(context);
        connection->carry({.accepted = std::move(accepted),
                           .forward = &forward_,
                           .held_until = Deadline{Duration::zero()}});
        return std::move(program);
    }

    /// Waits until it was told so.
    awaitable<void> hear(std::string text) {
        while (std::ranges::find(told, text) == told.end()) {
            changed_.reset();
            co_await changed_.wait();
        }
    }

    void run(awaitable<void> test) {
        std::exception_ptr failure;
        TaskGroup tasks{context.get_executor(),
                        [&](std::exception_ptr thrown) { failure = std::move(thrown); }};
        tasks.spawn(run_test(std::move(test)));
        context.run_for(std::chrono::seconds{30} * time_factor());
        REQUIRE(context.stopped());
        if (failure) std::rethrow_exception(failure);
    }

    asio::io_context context;
    std::vector<std::string> told;
    std::string all_told() const { return fmt::format("{}", fmt::join(told, "; ")); }
    std::vector<LocalConnection> given_back;
    bool trusts_host = true;
    Servers servers{context};
    std::optional<ClientConnection> connection;

private:
    void note(std::string text) {
        told.push_back(std::move(text));
        changed_.set();
    }
    awaitable<void> run_test(awaitable<void> test) {
        std::exception_ptr failure;
        connection->start();
        try {
            co_await std::move(test);
        } catch (...) {
            failure = std::current_exception();
        }
        co_await connection->join();
        co_await servers.join();
        if (failure) std::rethrow_exception(failure);
    }

    TemporaryFolder folder_;
    SystemRandom random_;
    FirstFailure first_failure_;
    TunnelSettings settings_ = default_tunnel_settings(made_up_environment());
    RepeatLimit not_carried_{"connections"};
    Event changed_;
    Forward forward_ = LocalForward{"", 0, {"target", 110}};
    ClientConnectionContext shared_{.owner_executor = context.get_executor(),
                                    .owner = *this,
                                    .settings = settings_,
                                    .first_failure = first_failure_,
                                    .connector = servers,
                                    .windows = std::make_shared<WindowBudget>(1 << 24),
                                    .random = random_,
                                    .not_carried = not_carried_};
};

}  // namespace

TEST_CASE("a connection is ready and up, carries a stream, and is over when it is told to end") {
    FakeTunnel tunnel;
    tunnel.run([](FakeTunnel& t) -> awaitable<void> {
        co_await t.hear("up");
        TcpSocket program = t.connect();
        const std::string text = co_await receive(program, 5);
        CHECK(text == "hello");
        CHECK(t.connection->open_streams() == 1);
        t.connection->end();
        co_await t.hear("over");
        const std::error_code end = co_await receive_end(program);
        CHECK(end == asio::error::connection_reset);
    }(tunnel));
    CHECK(tunnel.all_told() == "up; ready; over");
    CHECK(tunnel.connection->open_streams() == 0);
}

TEST_CASE("a connection that drains is over when its last stream has ended") {
    FakeTunnel tunnel;
    tunnel.run([](FakeTunnel& t) -> awaitable<void> {
        co_await t.hear("up");
        TcpSocket program = t.connect();
        co_await receive(program, 5);
        t.connection->drain();
        // It is asked for nothing more, but the stream goes on.
        co_await asio::async_write(program, asio::buffer("tail", 4), use_awaitable);
        program.shutdown(TcpSocket::shutdown_send);
        co_await test::wait_for_eof(t.servers.last().stream);
        CHECK(t.all_told() == "up; ready");
        CHECK(t.servers.last().stream.received == "tail");
        t.servers.last().session->close(t.servers.last().stream.channel);
        co_await t.hear("over");
    }(tunnel));
    CHECK(tunnel.all_told() == "up; ready; over");
}

TEST_CASE("the first failure of a tunnel of the command line is its end") {
    FakeTunnel tunnel;
    tunnel.servers.refusal = "connection refused";
    tunnel.run([](FakeTunnel& t) -> awaitable<void> {
        co_await t.hear("over: gw:22: connection refused");
    }(tunnel));
    CHECK(tunnel.all_told() == "lost: gw:22: connection refused; over: gw:22: connection refused");
    CHECK(tunnel.servers.tries == 1);
}

TEST_CASE("a connection that outlives failures is tried again, sooner where a program waits") {
    FakeTunnel tunnel{FirstFailure::is_outlived};
    tunnel.servers.refusal = "connection refused";
    tunnel.run([](FakeTunnel& t) -> awaitable<void> {
        co_await t.hear("lost: gw:22: connection refused");
        t.servers.refusal.clear();
        t.connection->hurry();
        co_await t.hear("up");
    }(tunnel));
    CHECK(tunnel.servers.tries == 2);
}

TEST_CASE("a connection that is lost is made anew") {
    FakeTunnel tunnel{FirstFailure::is_outlived};
    tunnel.run([](FakeTunnel& t) -> awaitable<void> {
        co_await t.hear("up");
        t.told.clear();
        t.servers.last().session->end(DisconnectReason::by_application, "maintenance");
        co_await t.hear("up");
    }(tunnel));
    CHECK(tunnel.all_told() ==
          "lost: gw:22: the peer ended the connection: maintenance; up; ready; over");
    CHECK(tunnel.servers.tries == 2);
}

TEST_CASE("a connection that isn't ready gives back what it was to carry") {
    FakeTunnel tunnel;
    tunnel.servers.is_silent = true;
    tunnel.run([](FakeTunnel& t) -> awaitable<void> {
        const TcpSocket program = t.connect();
        co_await t.hear("not carried");
        t.connection->end();
        co_await t.hear("over");
    }(tunnel));
    CHECK(tunnel.given_back.size() == 1);
    CHECK(tunnel.connection->open_streams() == 0);
    CHECK(tunnel.all_told() == "not carried; over");
}

TEST_CASE("a host key that the tunnel doesn't take ends the tries") {
    FakeTunnel tunnel{FirstFailure::is_outlived};
    tunnel.trusts_host = false;
    tunnel.run([](FakeTunnel& t) -> awaitable<void> {
        co_await t.hear("over: gw:22: not this one");
    }(tunnel));
    CHECK(tunnel.servers.tries == 1);
}

TEST_CASE("a channel that the server refuses resets the program's connection") {
    FakeTunnel tunnel;
    tunnel.servers.refuses = true;
    tunnel.run([](FakeTunnel& t) -> awaitable<void> {
        co_await t.hear("up");
        TcpSocket program = t.connect();
        const std::error_code end = co_await receive_end(program);
        CHECK(end == asio::error::connection_reset);
    }(tunnel));
    CHECK(tunnel.connection->open_streams() == 0);
}

}  // namespace culvert
