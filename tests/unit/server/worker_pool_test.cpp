#include "server/worker_pool.hpp"

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <doctest/doctest.h>
#include <asio/buffer.hpp>
#include <asio/error.hpp>
#include <asio/read.hpp>
#include <asio/redirect_error.hpp>

#include "common/base/error.hpp"
#include "common/log/log.hpp"
#include "common/net/binding.hpp"
#include "common/net/listener.hpp"
#include "server/server_resources.hpp"
#include "tests/unit/common/net/loopback.hpp"
#include "tests/unit/common/net/run.hpp"
#include "tests/unit/server/fake_broker.hpp"
#include "tests/unit/server/ssh_client.hpp"

using namespace culvert;

namespace {

Served served() {
    SystemRandom random;
    return {std::make_shared<const ServerConfig>(default_server_config()),
            std::make_shared<const PrivateKey>(PrivateKey::generate(random, "host"))};
}

/// A daemon without a configuration to reload: what it accepts goes to its workers.
class Server {
public:
    explicit Server(std::size_t workers) {
        start_log("test", {.level = LogLevel::off});
        broker->set_target(target.bound().front());
        pool.start(workers);
    }
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;
    ~Server() {
        pool.stop();
        resources.close();
        start_log("test");
    }

    tcp::endpoint address() const { return listener.bound().front(); }
    /// What has connected is served from here on.
    void serve() {
        const auto not_all = listener.accept_rest({.on_accept = [this](Accepted accepted) {
            auto ticket = resources.admit(to_ip_address(accepted.remote.address()));
            pool.serve(resources.context(), std::move(accepted), std::move(*ticket));
        }});
        CHECK_FALSE(not_all);
    }

    asio::io_context io;
    std::shared_ptr<test::FakeBroker> broker = std::make_shared<test::FakeBroker>();
    ServerResources resources{served(),
                              [this](const Served&, Resolver&, KeyReader&) { return broker; }};
    Listener listener{io.get_executor(), listen_on_all({loopback_v4()})};
    Listener target{io.get_executor(), listen_on_all({loopback_v4()})};
    Event drained;
    TaskGroup tasks{io.get_executor(), [](const std::exception_ptr& thrown) {
                        FAIL_CHECK(text_of_exception(thrown));
                    }};
    WorkerPool pool{
        io.get_executor(), [this] { drained.set(); },
        [](const std::exception_ptr& thrown) { FAIL_CHECK(text_of_exception(thrown)); }};
};

/// Connects, and reads the server's version: it is served then.
awaitable<void> connect(Server& server, TcpSocket& client) {
    client.connect(server.address());
    server.serve();
    client.non_blocking(true);
    std::array<char, 8> version{};
    co_await asio::async_read(client, asio::buffer(version), use_awaitable);
    CHECK(std::string_view(version.data(), version.size()) == "SSH-2.0-");
}

awaitable<void> read_to_end(TcpSocket& client) {
    std::array<char, 4096> part{};
    std::error_code end;
    while (!end) {
        co_await client.async_read_some(asio::buffer(part),
                                        asio::redirect_error(use_awaitable, end));
    }
    CHECK(end == asio::error::eof);
}

awaitable<void> drains_without_connections(Server& server) {
    CHECK(server.pool.connections() == 0);
    server.pool.drain();
    co_await server.drained.wait();
    co_await server.pool.stop_measuring();
}

awaitable<void> drains_before_login(Server& server) {
    TcpSocket client{server.io};
    co_await connect(server, client);
    CHECK(server.pool.connections() == 1);
    server.pool.drain();
    co_await server.drained.wait();
    CHECK(server.pool.connections() == 0);
    co_await read_to_end(client);
    co_await server.pool.stop_measuring();
}

/// Logs in and opens a stream, whose target's end is returned.
awaitable<StreamSocket> open_stream(Server& server, test::SshClient& client) {
    server.serve();
    server.tasks.spawn(client.run());
    co_await client.open_stream();
    std::optional<Accepted> reached;
    const auto not_all = server.target.accept_rest(
        {.on_accept = [&](Accepted accepted) { reached = std::move(accepted); }});
    CHECK_FALSE(not_all);
    co_return std::move(*reached).on(server.io.get_executor());
}

awaitable<void> drains_with_stream(Server& server) {
    test::SshClient client{server.io, server.address()};
    StreamSocket target = co_await open_stream(server, client);
    server.pool.drain();
    // Asked of the workers after they have begun to drain.
    const Worker::MostLines most{.connections = 10, .streams = 10};
    const auto status = co_await server.pool.status(most);
    CHECK(status.logged_in == 1);
    CHECK(status.streams == 1);
    REQUIRE(status.stream_lines.size() == 1);
    CHECK(status.stream_lines.front().find(" bytes there, ") != std::string::npos);
    CHECK_FALSE(server.drained.is_set());
    CHECK(client.end == "never");

    target.close();
    client.end_stream();
    co_await server.drained.wait();
    CHECK(server.pool.connections() == 0);
    co_await client.over.wait();
    CHECK(client.end.find("the server is shutting down") != std::string::npos);
    co_await server.pool.stop_measuring();
    co_await server.tasks.join();
}

awaitable<void> stops_with_stream(Server& server) {
    test::SshClient client{server.io, server.address()};
    StreamSocket target = co_await open_stream(server, client);
    co_await server.pool.stop_measuring();
    server.pool.stop();
    CHECK(server.pool.connections() == 0);
    co_await client.over.wait();
    CHECK(client.stream.lost);
    // The target's program sees a reset, never a clean end.
    char byte{};
    std::error_code end;
    co_await target.async_read_some(asio::buffer(&byte, 1),
                                    asio::redirect_error(use_awaitable, end));
    CHECK(end == asio::error::connection_reset);
    CHECK_FALSE(server.drained.is_set());
    co_await server.tasks.join();
}

awaitable<void> tells_status(Server& server) {
    std::vector<TcpSocket> clients;
    for (int i = 0; i < 3; ++i) co_await connect(server, clients.emplace_back(server.io));
    struct Row {
        std::size_t most_lines, lines;
    };
    for (const Row& row : {Row{0, 0}, Row{2, 2}, Row{10, 3}}) {
        const Worker::MostLines most{.connections = row.most_lines, .streams = 10};
        const auto status = co_await server.pool.status(most);
        CHECK(status.connection_lines.size() == row.lines);
        CHECK(status.stream_lines.empty());
        CHECK(status.logged_in == 0);
        CHECK(status.streams == 0);
    }
    co_await server.pool.stop_measuring();
}

awaitable<void> logs_in(Server& server, int clients) {
    std::vector<std::unique_ptr<test::SshClient>> all;
    for (int i = 0; i < clients; ++i) {
        all.push_back(std::make_unique<test::SshClient>(server.io, server.address()));
        server.serve();
        server.tasks.spawn(all.back()->run());
        co_await all.back()->open_stream();
    }
    for (const auto& client : all) {
        client->disconnect();
        co_await client->over.wait();
    }
    co_await server.pool.stop_measuring();
    co_await server.tasks.join();
}

}  // namespace

TEST_CASE("workers without connections are drained at once, however many") {
    for (const std::size_t workers : {1, 3}) {
        Server server{workers};
        run(server.io, drains_without_connections(server));
    }
}

TEST_CASE("a connection that hasn't logged in doesn't hold up a drain") {
    Server server{2};
    run(server.io, drains_before_login(server));
}

TEST_CASE("an open stream holds up a drain until both of its ends are over") {
    Server server{2};
    run(server.io, drains_with_stream(server));
}

TEST_CASE("a pool that stops ends what is left, with a reset for every stream") {
    Server server{2};
    run(server.io, stops_with_stream(server));
}

TEST_CASE("a status counts the connections of all workers, and describes as many as asked for") {
    Server server{2};
    run(server.io, tells_status(server));
}

TEST_CASE("connections are spread over the workers") {
    Server server{3};
    run(server.io, logs_in(server, 3));
    CHECK(server.broker->threads() == 3);
}
