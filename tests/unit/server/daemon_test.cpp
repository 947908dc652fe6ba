#include "server/daemon.hpp"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <new>
#include <optional>
#include <stdexcept>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

#include <doctest/doctest.h>
#include <asio/buffer.hpp>
#include <asio/read.hpp>

#include "common/base/error.hpp"
#include "common/net/binding.hpp"
#include "common/net/listener.hpp"
#include "tests/unit/common/base/temporary_folder.hpp"
#include "tests/unit/common/crypto/test_random.hpp"
#include "tests/unit/common/net/fake_service_manager.hpp"
#include "tests/unit/common/net/loopback.hpp"
#include "tests/unit/server/fake_broker.hpp"
#include "tests/unit/server/ssh_client.hpp"

namespace culvert {
namespace {

Served served(std::vector<Endpoint> listen) {
    ServerConfig config = default_server_config();
    config.listen = std::move(listen);
    config.threads = 1;
    config.limits.drain = std::chrono::hours{1};  // no test waits for its end
    test::SeededRandom random{1};
    return {std::make_shared<const ServerConfig>(std::move(config)),
            std::make_shared<const PrivateKey>(PrivateKey::generate(random, "host"))};
}

const Endpoint loopback{"127.0.0.1", 0};

/// What a test does to a daemon that runs: as its service manager and its clients, on a thread of
/// its own. The daemon's signals are the process's.
class Script {
public:
    Script() { ::setenv("NOTIFY_SOCKET", folder_.path("notify").c_str(), 1); }
    Script(const Script&) = delete;
    Script& operator=(const Script&) = delete;
    ~Script() { ::unsetenv("NOTIFY_SOCKET"); }

    /// Runs the daemon beside it, to its end.
    void run(Daemon& daemon, const std::function<void()>& script) {
        std::exception_ptr failure;
        std::thread thread{[&] {
            // They are for the daemon's thread.
            sigset_t all;
            ::sigfillset(&all);
            ::pthread_sigmask(SIG_BLOCK, &all, nullptr);
            try {
                script();
            } catch (...) {
                failure = std::current_exception();
                ::kill(::getpid(), SIGTERM);  // the drain, and its end
                ::kill(::getpid(), SIGTERM);
            }
        }};
        daemon.run();
        thread.join();
        if (failure) std::rethrow_exception(failure);
    }

    void signal(int number) { ::kill(::getpid(), number); }
    /// The next thing that the daemon tells its service manager begins so.
    void expect(const std::string& begin) {
        const std::string message = manager_.waits_for_message();
        if (!message.starts_with(begin)) throw std::runtime_error{"not " + begin + ": " + message};
    }
    /// What a server at this address says first; empty if it refuses.
    static std::string greeting(const asio::ip::tcp::endpoint& where) {
        asio::io_context io;
        TcpSocket client{io};
        std::error_code failure;
        client.connect(where, failure);
        std::array<char, 8> read{};
        if (!failure) asio::read(client, asio::buffer(read), failure);
        return failure ? "" : std::string(read.data(), read.size());
    }

private:
    TemporaryFolder folder_;
    test::FakeServiceManager manager_{folder_.path("notify")};
};

/// A client's stream through the daemon that this broker has bound for, to a target of its own.
class ForwardedStream {
public:
    explicit ForwardedStream(test::FakeBroker& broker) {
        broker.set_target(target_listener_.bound().front());
        client_.emplace(io_, broker.bound().front());
        tasks_.spawn(client_->run());
        tasks_.spawn(client_->open_stream());
        run_until([&] { return client_->stream.opened.is_set(); });
        CHECK_FALSE(target_listener_.accept_rest(
            {.on_accept = [this](Accepted accepted) { target_ = std::move(accepted.fd); }}));
    }
    ForwardedStream(const ForwardedStream&) = delete;
    ForwardedStream& operator=(const ForwardedStream&) = delete;
    ~ForwardedStream() {
        client_->disconnect();
        run_until([&] { return tasks_.empty(); });
    }

    /// Both ends close it.
    void end() {
        target_ = UniqueFd();
        client_->end_stream();
    }
    bool is_up() {
        io_.restart();
        io_.poll();
        return !client_->over.is_set();
    }
    std::string end_of_session() {
        run_until([&] { return client_->over.is_set(); });
        return client_->end;
    }
    bool target_is_reset() const {
        pollfd readable{target_.get(), POLLIN, 0};
        ::poll(&readable, 1, 30'000 * time_factor());
        char byte{};
        return ::recv(target_.get(), &byte, 1, 0) < 0 && errno == ECONNRESET;
    }

private:
    void run_until(const std::function<bool()>& reached) {
        const auto limit = Clock::now() + std::chrono::seconds{30} * time_factor();
        io_.restart();
        while (!reached() && Clock::now() < limit) io_.run_one_for(std::chrono::milliseconds{100});
        CHECK(reached());
    }

    asio::io_context io_;
    Listener target_listener_{io_.get_executor(), listen_on_all({loopback_v4()})};
    UniqueFd target_;
    std::optional<test::SshClient> client_;
    TaskGroup tasks_{io_.get_executor(), [](const std::exception_ptr& thrown) {
                         FAIL_CHECK(text_of_exception(thrown));
                     }};
};

MakeBroker all_by(std::shared_ptr<test::FakeBroker> broker) {
    return [broker = std::move(broker)](const Served&, Resolver&, KeyReader&) { return broker; };
}

/// Runs a daemon that is told to reload, then to log its status and then to end, with what
/// `at_reload` returns. Returns how often it has reloaded.
int run_through_a_reload(const std::function<Served()>& at_reload) {
    int reloads = 0;
    Daemon daemon{[&](Daemon::Loading when) {
        if (when == Daemon::Loading::at_start) return served({loopback});
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
    CHECK(run_through_a_reload([] { return served({loopback}); }) == 1);
    CHECK(run_through_a_reload([] { return served({{"192.0.2.1", 1}}); }) == 1);
}

TEST_CASE("a start that fails ends the daemon with the reason") {
    Daemon daemon{[](Daemon::Loading) { return served({{"192.0.2.1", 1}}); }};
    CHECK_THROWS_AS(daemon.run(), Error);
    CHECK_THROWS_AS(Daemon{[](Daemon::Loading) -> Served { throw std::bad_alloc{}; }},
                    std::bad_alloc);
}

TEST_CASE("a reload is one of all that there is, or of nothing") {
    Script script;
    const auto broker = std::make_shared<test::FakeBroker>();
    std::mutex mutex;
    std::vector<Endpoint> listen{loopback};
    Daemon daemon{[&](Daemon::Loading) {
                      const std::lock_guard lock{mutex};
                      return served(listen);
                  },
                  all_by(broker)};
    std::vector<asio::ip::tcp::endpoint> bound;
    script.run(daemon, [&] {
        script.expect("READY=1\nSTATUS=listening");
        bound = broker->bound();
        CHECK(bound.size() == 1);
        CHECK(Script::greeting(bound[0]) == "SSH-2.0-");

        // An address that can't be bound, after one that can.
        {
            const std::lock_guard lock{mutex};
            listen = {{"127.0.0.2", 0}, {"127.0.0.3", 0}};
        }
        broker->refuse(asio::ip::make_address("127.0.0.3"));
        script.signal(SIGHUP);
        script.expect("RELOADING=1");
        script.expect("READY=1\nSTATUS=listening");
        CHECK(broker->bound().size() == 2);
        CHECK(Script::greeting(broker->bound()[1]).empty());
        CHECK(Script::greeting(bound[0]) == "SSH-2.0-");

        broker->refuse(std::nullopt);
        script.signal(SIGHUP);
        script.expect("RELOADING=1");
        script.expect("READY=1\nSTATUS=listening");
        bound = broker->bound();
        CHECK(bound.size() == 4);
        CHECK(Script::greeting(bound[0]).empty());
        CHECK(Script::greeting(bound[2]) == "SSH-2.0-");
        CHECK(Script::greeting(bound[3]) == "SSH-2.0-");

        script.signal(SIGTERM);
        script.expect("STOPPING=1\nEXTEND_TIMEOUT_USEC=3610000000");
    });
    CHECK(Script::greeting(bound[2]).empty());
}

TEST_CASE("a daemon that drains listens no more, and ends with its last stream") {
    Script script;
    const auto broker = std::make_shared<test::FakeBroker>();
    Daemon daemon{[&](Daemon::Loading) { return served({loopback}); }, all_by(broker)};
    script.run(daemon, [&] {
        script.expect("READY=1");
        ForwardedStream stream{*broker};
        script.signal(SIGTERM);
        script.expect("STOPPING=1");
        CHECK(Script::greeting(broker->bound().front()).empty());
        CHECK(stream.is_up());
        stream.end();
        CHECK(stream.end_of_session().find("the server is shutting down") != std::string::npos);
    });
}

TEST_CASE("a second signal ends a drain at once, and resets the streams that are left") {
    Script script;
    const auto broker = std::make_shared<test::FakeBroker>();
    Daemon daemon{[&](Daemon::Loading) { return served({loopback}); }, all_by(broker)};
    script.run(daemon, [&] {
        script.expect("READY=1");
        ForwardedStream stream{*broker};
        script.signal(SIGTERM);
        script.expect("STOPPING=1");
        script.signal(SIGTERM);
        CHECK(stream.target_is_reset());
        CHECK(stream.end_of_session() != "never");
    });
}

}  // namespace culvert
