#include "common/forward/streams.hpp"

#include <doctest/doctest.h>
#include <asio/read.hpp>
#include <asio/redirect_error.hpp>
#include <asio/write.hpp>

#include "common/forward/inbound_stream.hpp"
#include "common/forward/outbound.hpp"
#include "tests/unit/common/session/session_pair.hpp"

using namespace culvert;
using namespace culvert::test;
using asio::ip::tcp;

namespace {

/// Two ends of a TCP connection.
std::pair<TcpSocket, TcpSocket> connected(asio::io_context& context) {
    TcpAcceptor acceptor{context, tcp::endpoint{asio::ip::address_v4::loopback(), 0}};
    TcpSocket near{context};
    near.connect(acceptor.local_endpoint());
    TcpSocket far = acceptor.accept();
    far.non_blocking(true);
    return {std::move(near), std::move(far)};
}

/// Notes what it is told, and reaches what the test says.
class Program : public OutboundOwner {
public:
    void on_opening(const Stream& stream) override {
        told.push_back("opening " + stream.target());
        begun.set();
    }
    void on_not_opened(const Stream& stream, const Unreached& why) override {
        told.push_back("not opened " + stream.target() + ": " + why.failure.description);
    }
    void on_over(const Stream& stream, RelayEnd end) override {
        bytes = stream.bytes();
        told.push_back("over " + stream.target() + ": " + std::string{name_of(end)});
    }
    void on_stream_gone() noexcept override {
        ++gone;
        over.set();
    }
    awaitable<Reached> reach(const ChannelType&) override {
        co_await may_answer.wait();
        if (fault) std::rethrow_exception(fault);
        if (target) co_return StreamSocket{*std::exchange(target, std::nullopt)};
        co_return Unreached{{OpenFailureReason::connect_failed, "connection refused"}, {}};
    }

    std::vector<std::string> told;
    StreamBytes bytes;
    int gone = 0;
    Event begun;
    Event over;
    Event may_answer;
    std::exception_ptr fault;
    std::optional<TcpSocket> target;
};

/// program -> inbound stream -> channel -> outbound stream -> service
struct Path {
    explicit Path(SessionPair& sessions) : pair{sessions} {
        auto [program_end, accepted] = connected(pair.context);
        program = std::move(program_end);
        program.non_blocking(true);
        const auto remote = accepted.remote_endpoint();
        accepted_ = Accepted{UniqueFd{accepted.release()}, remote};
        auto [service_end, dialed] = connected(pair.context);
        service = std::move(service_end);
        service.non_blocking(true);
        server.target = std::move(dialed);
        pair.server_owner.requested = [this](ChannelRequested request) {
            outbound.carry(std::move(request));
        };
        server.may_answer.set();
    }

    /// Begins the stream, runs the test, and waits until nothing is left.
    awaitable<void> run(awaitable<void> test) {
        co_await pair.client_owner.ready.wait();
        inbound.expect();
        carry_inbound(inbound, *pair.client, std::move(accepted_), forward);
        std::exception_ptr failure;
        try {
            co_await std::move(test);
        } catch (...) {
            failure = std::current_exception();
        }
        co_await inbound.join();
        co_await outbound_streams.join();
        if (failure) std::rethrow_exception(failure);
    }

    StreamRegistry& registry() { return StreamRegistry::of(pair.context.get_executor()); }

    TaskGroup::OnError note() {
        return [this](const std::exception_ptr& thrown) {
            errors.push_back(text_of_exception(thrown));
        };
    }

    SessionPair& pair;
    const Forward forward = LocalForward{"", 0, {"target", 110}};
    std::vector<std::string> errors;  ///< with which streams ended
    const std::string client_name = "gw:22";
    const std::string server_name = "10.0.0.9:1 (alice)";
    Program client;
    Program server;
    Streams inbound{pair.context.get_executor(), client_name, client, note()};
    Streams outbound_streams{pair.context.get_executor(), server_name, server, note()};
    Outbound outbound{*pair.server, outbound_streams, server};
    TcpSocket program{pair.context};
    TcpSocket service{pair.context};

private:
    Accepted accepted_;
};

using Test = awaitable<void> (*)(Path& path);

void run(
    std::optional<Path>& path, SessionPair& pair, Test test,
    const std::function<void(Path&)>& prepare = [](Path&) {},
    const std::vector<std::string>& expected_errors = {}) {
    path.emplace(pair);
    prepare(*path);
    pair.run(path->run(test(*path)));
    CHECK(path->errors == expected_errors);
}

awaitable<void> send(TcpSocket& socket, std::string_view text) {
    co_await asio::async_write(socket, asio::buffer(text), use_awaitable);
}

awaitable<std::string> receive(TcpSocket& socket, std::size_t length) {
    std::string text(length, '\0');
    co_await asio::async_read(socket, asio::buffer(text), use_awaitable);
    co_return text;
}

/// Three bytes from the program to the service.
awaitable<void> use(Path& path) {
    co_await send(path.program, "abc");
    const std::string received = co_await receive(path.service, 3);
    CHECK(received == "abc");
}

awaitable<std::error_code> receive_end(TcpSocket& socket) {
    char byte{};
    std::error_code end;
    co_await asio::async_read(socket, asio::buffer(&byte, 1),
                              asio::redirect_error(use_awaitable, end));
    co_return end;
}

awaitable<void> wait_until_gone(Program& owner) {
    while (owner.gone == 0) {
        owner.over.reset();
        co_await owner.over.wait();
    }
}

}  // namespace

TEST_CASE("a stream is carried from the inbound end to the outbound end and back") {
    SessionPair pair;
    std::optional<Path> path;
    run(path, pair, [](Path& p) -> awaitable<void> {
        co_await send(p.program, "request");
        const std::string request = co_await receive(p.service, 7);
        CHECK(request == "request");
        co_await send(p.service, "an answer");
        const std::string answer = co_await receive(p.program, 9);
        CHECK(answer == "an answer");
        p.program.shutdown(TcpSocket::shutdown_send);
        p.service.shutdown(TcpSocket::shutdown_send);
        co_await wait_until_gone(p.client);
        co_await wait_until_gone(p.server);
    });
    const std::vector<std::string> told{"opening target:110", "over target:110: closed"};
    CHECK(path->client.told == told);
    CHECK(path->server.told == told);
    // Both ends count alike: there is to the target.
    CHECK(path->client.bytes == StreamBytes{7, 9});
    CHECK(path->server.bytes == StreamBytes{7, 9});
    CHECK(path->inbound.finished() == StreamBytes{7, 9});
    CHECK(path->inbound.count() == 0);
    CHECK(path->outbound_streams.count() == 0);
    CHECK(path->registry().size() == 0);
}

TEST_CASE("a target that isn't reached refuses the channel, and both ends say why") {
    SessionPair pair;
    std::optional<Path> path;
    run(
        path, pair,
        [](Path& p) -> awaitable<void> {
            co_await wait_until_gone(p.client);
            co_await wait_until_gone(p.server);
            const std::error_code end = co_await receive_end(p.program);
            CHECK(end == asio::error::connection_reset);
        },
        [](Path& p) { p.server.target.reset(); });
    CHECK(path->client.told ==
          std::vector<std::string>{"opening target:110",
                                   "not opened target:110: connection refused"});
    CHECK(path->server.told == path->client.told);
}

TEST_CASE("a channel is refused where reaching its target fails in any other way") {
    SessionPair pair;
    std::optional<Path> path;
    run(
        path, pair,
        [](Path& p) -> awaitable<void> {
            co_await wait_until_gone(p.client);
            CHECK(p.client.told.back().starts_with("not opened target:110"));
        },
        [](Path& p) {
            p.server.fault = std::make_exception_ptr(Error{ErrorKind::internal, "a fault of ours"});
        },
        {"a fault of ours"});
    CHECK(path->server.gone == 1);
}

TEST_CASE("streams are listed while they are there, the oldest first") {
    SessionPair pair;
    std::optional<Path> path;
    run(path, pair, [](Path& p) -> awaitable<void> {
        co_await use(p);
        const auto all = p.registry().list(10);
        REQUIRE(all.size() == 2);
        CHECK(all[0].id < all[1].id);
        CHECK(all[0].connection == "gw:22");
        CHECK(all[1].connection == "10.0.0.9:1 (alice)");
        CHECK(all[0].target == "target:110");
        CHECK(all[0].originator == all[1].originator);
        CHECK(all[0].bytes == StreamBytes{3, 0});
        CHECK(all[1].bytes == StreamBytes{3, 0});
        CHECK(describe(all[1]).find("(alice): 127.0.0.1:") != std::string::npos);
        CHECK(p.registry().list(1).size() == 1);
        CHECK(p.registry().list(0).empty());
    });
    CHECK(path->registry().list(10).empty());
}

TEST_CASE("a stream that is told to end resets both of its sides") {
    SessionPair pair;
    std::optional<Path> path;
    run(path, pair, [](Path& p) -> awaitable<void> {
        co_await use(p);
        const StreamId inbound = p.registry().list(1).front().id;
        CHECK(p.registry().end(inbound));
        const std::error_code at_program = co_await receive_end(p.program);
        CHECK(at_program == asio::error::connection_reset);
        const std::error_code at_service = co_await receive_end(p.service);
        CHECK(at_service == asio::error::connection_reset);
        co_await wait_until_gone(p.client);
        co_await wait_until_gone(p.server);
        CHECK(!p.registry().end(inbound));
    });
    CHECK(path->client.told.back() == "over target:110: ended as asked");
    CHECK(path->server.told.back() == "over target:110: reset by the far end");
}

TEST_CASE("a stream that is told to end before its target is reached is not opened") {
    SessionPair pair;
    std::optional<Path> path;
    run(
        path, pair,
        [](Path& p) -> awaitable<void> {
            co_await p.server.begun.wait();
            CHECK(p.registry().end(p.registry().list(2).back().id));
            p.server.may_answer.set();
            co_await wait_until_gone(p.client);
            const std::error_code end = co_await receive_end(p.service);
            CHECK(end);
        },
        [](Path& p) { p.server.may_answer.reset(); });
    CHECK(path->client.told.back() == "not opened target:110: ended as asked");
}

TEST_CASE("a watcher is told of each stream's beginning and end") {
    struct Watcher : StreamWatcher {
        void on_begun(const Stream& stream) noexcept override { begun.push_back(stream.id()); }
        void on_gone(StreamId stream) noexcept override { gone.push_back(stream); }
        std::vector<StreamId> begun, gone;
    };
    Watcher watcher;
    SessionPair pair;
    std::optional<Path> path;
    path.emplace(pair);
    path->registry().watch(watcher);
    pair.run(path->run([](Path& p) -> awaitable<void> {
        co_await use(p);
        p.program.shutdown(TcpSocket::shutdown_send);
        p.service.shutdown(TcpSocket::shutdown_send);
        co_await wait_until_gone(p.client);
        co_await wait_until_gone(p.server);
    }(*path)));
    CHECK(watcher.begun.size() == 2);
    CHECK(std::ranges::is_permutation(watcher.begun, watcher.gone));
    path->registry().unwatch(watcher);
}

TEST_CASE("streams that are left are reset when their connection's are joined") {
    SessionPair pair;
    std::optional<Path> path;
    run(path, pair, [](Path& p) -> awaitable<void> { co_await use(p); });
    CHECK(path->inbound.count() == 0);
    CHECK(path->outbound_streams.count() == 0);
    CHECK(path->client.told.back() == "over target:110: reset by the near end");
}
