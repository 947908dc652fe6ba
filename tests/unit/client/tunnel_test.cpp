#include "client/tunnel.hpp"

#include <doctest/doctest.h>

#include "client/defaults.hpp"
#include "client/keygen.hpp"
#include "tests/unit/client/in_process_servers.hpp"
#include "tests/unit/common/base/temporary_folder.hpp"
#include "tests/unit/common/config/made_up_environment.hpp"
#include "tests/unit/common/net/run.hpp"

namespace culvert {
namespace {

using namespace std::chrono_literals;
using test::receive;
using test::receive_end;

/// A tunnel to servers in this process, with one forward at a free port.
class Setting {
public:
    explicit Setting(unsigned connections = 1, WhileDown while_down = WhileDown::hold) {
        start_log("test", {.level = LogLevel::off});
        SystemRandom random;
        generate_key_pair({folder_.path("id"), "me", true}, random,
                          {{}, [](const std::string&) {}});
        TunnelSettings settings = default_tunnel_settings(made_up_environment());
        settings.server = {"gw", 22};
        settings.user = "alice";
        settings.identities = {folder_.path("id")};
        settings.identities_defaulted = false;
        settings.agent.reset();
        settings.strict_host_key_checking = StrictHostKeyChecking::no;
        settings.user_known_hosts = {folder_.path("known_hosts")};
        settings.global_known_hosts.clear();
        settings.connections = connections;
        settings.while_down = while_down;
        settings.hold_for = 1h;
        settings.forwards = {{"127.0.0.1", free_port(), {"target", 110}}};
        port_ = settings.forwards.front().port;
        tunnel.emplace(
            ClientContext{.executor = context.get_executor(),
                          .next_thread = [this] { return context.get_executor(); },
                          .windows = std::make_shared<WindowBudget>(1 << 24),
                          .resolver = resolver_,
                          .random = random_,
                          .ask = {},
                          .connector_for =
                              [this](const TunnelSettings&) {
                                  return std::make_unique<test::BorrowedConnector>(servers);
                              },
                          .on_change = [this] { changed_.set(); }},
            std::move(settings), FirstFailure::is_outlived);
    }
    Setting(const Setting&) = delete;
    Setting& operator=(const Setting&) = delete;
    ~Setting() { start_log("test"); }

    TcpSocket connect() {
        TcpSocket program{context};
        program.connect({asio::ip::address_v4::loopback(), port_});
        program.non_blocking(true);
        return program;
    }

    awaitable<void> until(bool (*reached)(const TunnelStatus& status)) {
        while (!reached(tunnel->status())) {
            changed_.reset();
            co_await changed_.wait();
        }
    }
    awaitable<void> until_up() {
        return until([](const TunnelStatus& status) { return status.up == status.connections; });
    }
    /// How the tunnel ended: empty as asked.
    awaitable<void> ended() { return over_.wait(); }
    std::string end = "not yet";

    void run(awaitable<void> test) {
        std::exception_ptr failure;
        TaskGroup tasks{context.get_executor(),
                        [&](std::exception_ptr thrown) { failure = std::move(thrown); }};
        tasks.spawn(run_tunnel());
        tasks.spawn(run_test(std::move(test)));
        context.run_for(60s * time_factor());
        REQUIRE(context.stopped());
        if (failure) std::rethrow_exception(failure);
    }

    asio::io_context context;
    test::Servers servers{context};
    std::optional<Tunnel> tunnel;

private:
    std::uint16_t free_port() {
        TcpAcceptor acceptor{context, {asio::ip::address_v4::loopback(), 0}};
        return acceptor.local_endpoint().port();
    }
    awaitable<void> run_tunnel() {
        std::string how;
        try {
            co_await tunnel->run();
        } catch (...) {
            how = text_of_exception(std::current_exception());
        }
        end = how;
        over_.set();
    }
    awaitable<void> run_test(awaitable<void> test) {
        std::exception_ptr failure;
        try {
            co_await std::move(test);
        } catch (...) {
            failure = std::current_exception();
        }
        tunnel->end();
        if (!over_.is_set()) co_await over_.wait();
        co_await servers.join();
        if (failure) std::rethrow_exception(failure);
    }

    TemporaryFolder folder_;
    Resolver resolver_;
    SystemRandom random_;
    std::uint16_t port_ = 0;
    Event changed_;
    Event over_;
};

/// A program whose stream has been carried to the server and back.
awaitable<TcpSocket> connect_once_up(Setting& s) {
    co_await s.until_up();
    TcpSocket program = s.connect();
    const std::string text = co_await receive(program, 5);
    CHECK(text == "hello");
    co_return program;
}

}  // namespace

TEST_CASE("what connects while the tunnel is down is held, and carried once it is up") {
    Setting setting;
    setting.servers.refusal = "connection refused";
    setting.run([](Setting& s) -> awaitable<void> {
        co_await s.until([](const TunnelStatus& status) { return !status.failure.empty(); });
        TcpSocket program = s.connect();
        while (s.tunnel->open_streams() == 0) co_await turn();
        s.servers.refusal.clear();
        const std::string text = co_await receive(program, 5);
        CHECK(text == "hello");
        CHECK(s.tunnel->status().up == 1);
    }(setting));
    CHECK(setting.end.empty());
}

TEST_CASE("where nothing is held, what connects while the tunnel is down is reset") {
    Setting setting{1, WhileDown::reset};
    setting.servers.is_silent = true;
    setting.run([](Setting& s) -> awaitable<void> {
        co_await s.until([](const TunnelStatus& status) { return status.listeners_tried; });
        TcpSocket program = s.connect();
        const std::error_code end = co_await receive_end(program);
        CHECK(end == asio::error::connection_reset);
    }(setting));
}

TEST_CASE("a tunnel that drains takes no more, and ends when its last stream has") {
    Setting setting;
    setting.run([](Setting& s) -> awaitable<void> {
        TcpSocket program = co_await connect_once_up(s);
        s.tunnel->drain();
        CHECK_THROWS(s.connect());
        CHECK(s.end == "not yet");
        program.shutdown(TcpSocket::shutdown_send);
        test::Server& server = s.servers.last();
        co_await test::wait_for_eof(server.stream);
        server.session->close(server.stream.channel);
        co_await s.ended();
    }(setting));
    CHECK(setting.end.empty());
}

TEST_CASE("a tunnel that drains while it holds carries what it holds first") {
    Setting setting;
    setting.servers.refusal = "connection refused";
    setting.run([](Setting& s) -> awaitable<void> {
        co_await s.until([](const TunnelStatus& status) { return !status.failure.empty(); });
        TcpSocket program = s.connect();
        while (s.tunnel->open_streams() == 0) co_await turn();
        s.tunnel->drain();
        CHECK(s.end == "not yet");
        s.servers.refusal.clear();
        const std::string text = co_await receive(program, 5);
        CHECK(text == "hello");
    }(setting));
}

TEST_CASE("streams are spread over a tunnel's connections, and one that is lost takes no more") {
    Setting setting{2};
    setting.run([](Setting& s) -> awaitable<void> {
        co_await s.until_up();
        TcpSocket one = s.connect();
        co_await receive(one, 5);
        TcpSocket other = s.connect();
        co_await receive(other, 5);
        REQUIRE(s.servers.all.size() == 2);
        CHECK(s.servers.all.front().requests == 1);
        CHECK(s.servers.all.back().requests == 1);

        s.servers.is_silent = true;
        s.servers.all.front().session->end(DisconnectReason::by_application, "maintenance");
        co_await s.until([](const TunnelStatus& status) { return status.up == 1; });
        const std::error_code end = co_await receive_end(one);
        CHECK(end == asio::error::connection_reset);
        CHECK(s.tunnel->open_streams() == 1);
    }(setting));
}

TEST_CASE("a tunnel that ends resets what it carries") {
    Setting setting;
    setting.run([](Setting& s) -> awaitable<void> {
        TcpSocket program = co_await connect_once_up(s);
        s.tunnel->end();
        co_await s.ended();
        const std::error_code end = co_await receive_end(program);
        CHECK(end == asio::error::connection_reset);
    }(setting));
    CHECK(setting.end.empty());
}

}  // namespace culvert
