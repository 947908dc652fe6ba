#include "client/client_connection.hpp"

#include <sys/socket.h>

#include <functional>
#include <list>

#include <doctest/doctest.h>
#include <asio/read.hpp>
#include <asio/redirect_error.hpp>
#include <asio/write.hpp>

#include "client/defaults.hpp"
#include "client/keygen.hpp"
#include "tests/unit/common/base/temporary_folder.hpp"
#include "tests/unit/common/config/made_up_environment.hpp"
#include "tests/unit/common/crypto/test_random.hpp"
#include "tests/unit/common/net/loopback.hpp"
#include "tests/unit/common/session/session_pair.hpp"

namespace culvert {
namespace {

using test::MemoryStream;
using test::Owner;

/// Reaches servers in this process, each a session at the other end of a Unix socket pair.
class Servers final : public Connector {
public:
    explicit Servers(asio::io_context& context) : context_{context} {}

    awaitable<StreamSocket> connect() override {
        ++tries;
        if (is_silent) co_await nothing_.wait();
        if (!refusal.empty()) throw Error{ErrorKind::network, refusal};
        int ends[2];
        REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) == 0);
        owners_.emplace_back(key_);
        owners_.back().requested = [this](ChannelRequested request) { accept(request); };
        EngineConfig config;
        config.transport.role = Role::server;
        config.transport.algorithms.ciphers = default_ciphers();
        config.transport.host_key = key_->public_key();
        config.connection.accepts.set(place_of<DirectTcpip>);
        session.emplace(socket_of(ends[1]), std::move(config), random_, owners_.back(),
                        static_cast<ServerLogin*>(&owners_.back()));
        tasks_.spawn(run());
        co_return socket_of(ends[0]);
    }

    awaitable<void> join() { return tasks_.join(); }

    int tries = 0;
    std::string refusal;     ///< of every try
    bool is_silent = false;  ///< no try ends
    std::optional<Session> session;
    MemoryStream stream{"hello"};  ///< the user of the channel that is asked for
    bool refuses = false;

private:
    StreamSocket socket_of(int descriptor) {
        StreamSocket socket{context_};
        socket.assign(asio::generic::stream_protocol{AF_UNIX, 0}, descriptor);
        socket.non_blocking(true);
        return socket;
    }
    awaitable<void> run() {
        try {
            co_await session->run();
        } catch (const Error&) {
            // The client ends it.
        }
    }
    void accept(const ChannelRequested& request) {
        if (refuses) {
            return session->refuse(request.channel, {OpenFailureReason::connect_failed, "no"});
        }
        stream.session = &*session;
        stream.channel = request.channel;
        session->accept(request.channel, stream);
        session->set_readable(request.channel);
    }

    asio::io_context& context_;
    SystemRandom random_;
    std::shared_ptr<const PrivateKey> key_ =
        std::make_shared<const PrivateKey>(PrivateKey::generate(random_, "a test"));
    std::list<Owner> owners_;
    Event nothing_;
    TaskGroup tasks_{context_.get_executor(), [](const std::exception_ptr& thrown) {
                         FAIL_CHECK(text_of_exception(thrown));
                     }};
};

/// A tunnel of one connection: notes what it is told.
class Tunnel final : public ClientConnectionOwner {
public:
    explicit Tunnel(FirstFailure first_failure = FirstFailure::ends)
        : first_failure_{first_failure} {
        start_log("test", {.level = LogLevel::off});
        generate_key_pair({folder_.path("id"), "me", true}, random_, {{}, [](const std::string&) {}});
        settings_.server = {"gw", 22};
        settings_.user = "alice";
        settings_.identities = {folder_.path("id")};
        settings_.identities_defaulted = false;
        settings_.agent.reset();
        connection.emplace(context.get_executor(), shared_, 0, Identities{settings_});
    }
    ~Tunnel() { start_log("test"); }

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
    StreamSocket connect() {
        TcpAcceptor acceptor{context, loopback_v4()};
        TcpSocket program{context};
        program.connect(acceptor.local_endpoint());
        TcpSocket accepted = acceptor.accept();
        const auto remote = accepted.remote_endpoint();
        program.non_blocking(true);
        connection->carry({.accepted = {UniqueFd{accepted.release()}, remote},
                           .forward = &forward_,
                           .held_until = Deadline{Duration::zero()}});
        return program;
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

using Told = std::vector<std::string>;

awaitable<std::string> receive(StreamSocket& socket, std::size_t length) {
    std::string text(length, '\0');
    co_await asio::async_read(socket, asio::buffer(text), use_awaitable);
    co_return text;
}

awaitable<std::error_code> receive_end(StreamSocket& socket) {
    char byte{};
    std::error_code end;
    co_await asio::async_read(socket, asio::buffer(&byte, 1),
                              asio::redirect_error(use_awaitable, end));
    co_return end;
}

}  // namespace

TEST_CASE("a connection is ready and up, carries a stream, and is over when it is told to end") {
    Tunnel tunnel;
    tunnel.run([](Tunnel& t) -> awaitable<void> {
        co_await t.hear("up");
        StreamSocket program = t.connect();
        const std::string text = co_await receive(program, 5);
        CHECK(text == "hello");
        CHECK(t.connection->open_streams() == 1);
        t.connection->end();
        co_await t.hear("over");
        const std::error_code end = co_await receive_end(program);
        CHECK(end == asio::error::connection_reset);
    }(tunnel));
    CHECK(tunnel.told == Told{"ready", "up", "over"});
    CHECK(tunnel.connection->open_streams() == 0);
}

TEST_CASE("a connection that drains is over when its last stream has ended") {
    Tunnel tunnel;
    tunnel.run([](Tunnel& t) -> awaitable<void> {
        co_await t.hear("up");
        StreamSocket program = t.connect();
        co_await receive(program, 5);
        t.connection->drain();
        // It is asked for nothing more, but the stream goes on.
        co_await asio::async_write(program, asio::buffer("tail", 4), use_awaitable);
        program.shutdown(StreamSocket::shutdown_send);
        co_await test::wait_for_eof(t.servers.stream);
        CHECK(t.told == Told{"ready", "up"});
        CHECK(t.servers.stream.received == "tail");
        t.servers.session->close(t.servers.stream.channel);
        co_await t.hear("over");
    }(tunnel));
    CHECK(tunnel.told == Told{"ready", "up", "over"});
}

TEST_CASE("the first failure of a tunnel of the command line is its end") {
    Tunnel tunnel;
    tunnel.servers.refusal = "connection refused";
    tunnel.run([](Tunnel& t) -> awaitable<void> {
        co_await t.hear("over: gw:22: connection refused");
    }(tunnel));
    CHECK(tunnel.told ==
          Told{"lost: gw:22: connection refused", "over: gw:22: connection refused"});
    CHECK(tunnel.servers.tries == 1);
}

TEST_CASE("a connection that outlives failures is tried again, sooner where a program waits") {
    Tunnel tunnel{FirstFailure::is_outlived};
    tunnel.servers.refusal = "connection refused";
    tunnel.run([](Tunnel& t) -> awaitable<void> {
        co_await t.hear("lost: gw:22: connection refused");
        t.servers.refusal.clear();
        t.connection->hurry();
        co_await t.hear("up");
    }(tunnel));
    CHECK(tunnel.servers.tries == 2);
}

TEST_CASE("a connection that is lost is made anew") {
    Tunnel tunnel{FirstFailure::is_outlived};
    tunnel.run([](Tunnel& t) -> awaitable<void> {
        co_await t.hear("up");
        t.told.clear();
        t.servers.session->end(DisconnectReason::by_application, "maintenance");
        co_await t.hear("up");
    }(tunnel));
    REQUIRE(tunnel.told.size() == 3);
    CHECK(tunnel.told[0] == "lost: gw:22: the peer ended the connection: maintenance");
    CHECK(tunnel.servers.tries == 2);
}

TEST_CASE("a connection that isn't ready gives back what it was to carry") {
    Tunnel tunnel;
    tunnel.servers.is_silent = true;
    tunnel.run([](Tunnel& t) -> awaitable<void> {
        const StreamSocket program = t.connect();
        co_await t.hear("not carried");
        t.connection->end();
        co_await t.hear("over");
    }(tunnel));
    CHECK(tunnel.given_back.size() == 1);
    CHECK(tunnel.connection->open_streams() == 0);
    CHECK(tunnel.told == Told{"not carried", "over"});
}

TEST_CASE("a host key that the tunnel doesn't take ends the tries") {
    Tunnel tunnel{FirstFailure::is_outlived};
    tunnel.trusts_host = false;
    tunnel.run(
        [](Tunnel& t) -> awaitable<void> { co_await t.hear("over: gw:22: not this one"); }(tunnel));
    CHECK(tunnel.servers.tries == 1);
}

TEST_CASE("a channel that the server refuses resets the program's connection") {
    Tunnel tunnel;
    tunnel.servers.refuses = true;
    tunnel.run([](Tunnel& t) -> awaitable<void> {
        co_await t.hear("up");
        StreamSocket program = t.connect();
        const std::error_code end = co_await receive_end(program);
        CHECK(end == asio::error::connection_reset);
    }(tunnel));
    CHECK(tunnel.connection->open_streams() == 0);
}

}  // namespace culvert
