#include "common/relay/socket_writer.hpp"

#include <doctest/doctest.h>

#include <array>
#include <random>
#include <string>

#include "common/net/both.hpp"
#include "tests/unit/allocations.hpp"
#include "tests/unit/common/net/run.hpp"
#include "tests/unit/common/relay/connected.hpp"

using namespace culvert;
using namespace culvert::test;

namespace {

using Writing = SocketWriter::State;

constexpr Duration hour = std::chrono::hours{1};

/// The other direction of a relay, and the program that it writes to.
struct ToProgram {
    ToProgram() {
        // Little room: a program that reads nothing is soon behind.
        program.own.set_option(TcpSocket::receive_buffer_size{16 * 1024});
        program.socket.set_option(StreamSocket::send_buffer_size{16 * 1024});
    }
    ~ToProgram() {
        if (!writer.is_behind()) return;
        writer.stop();
        writer.catch_up();
    }

    std::size_t write(std::string_view data, Rest rest = Rest::keep) {
        return writer.write(std::array{bytes_of(data)}, rest);
    }
    /// Writes until the program is behind by this much.
    void fall_behind(std::size_t bytes = 1) {
        while (!writer.is_behind()) write(std::string(4096, 'x'));
        write(std::string(bytes, 'x'));
    }

    asio::io_context io;
    Program program{io};
    SocketWriter writer{program.socket};
};

/// As the coroutine of a relay does.
awaitable<void> drain(ToProgram& d, Duration tail_time = hour) {
    do {
        co_await d.writer.write_more(tail_time);
    } while (d.writer.state() < Writing::over && d.writer.has_backlog());
    d.writer.catch_up();
}

}  // namespace

TEST_CASE("what the socket takes at once leaves nothing behind, and EOF is a FIN") {
    ToProgram d;
    CHECK(d.write("") == 0);
    CHECK(d.writer.write(std::array{bytes_of("ab"), bytes_of("cd")}, Rest::keep) == 4);
    CHECK_FALSE(d.writer.is_behind());
    CHECK(d.writer.bytes() == 4);
    CHECK(d.writer.state() == Writing::open);
    d.writer.on_eof();
    CHECK(d.writer.state() == Writing::over);
    d.writer.on_closed(std::make_shared<WindowBudget>(1'000));  // after EOF it changes nothing
    CHECK(d.writer.state() == Writing::over);
    run(d.io, [](ToProgram& p) -> awaitable<void> {
        const Received received = co_await receive_all(p.program.own);
        CHECK(received.data == "abcd");
        CHECK(received.end == asio::error::eof);
    }(d));
}

TEST_CASE("a program that is behind gets everything in order, and its FIN last") {
    ToProgram d;
    std::mt19937 random{7};
    std::string sent;
    while (!d.writer.is_behind() || sent.size() < 500'000) {
        const std::string more(1 + random() % 20'000, static_cast<char>('a' + random() % 26));
        const bool was_behind = d.writer.is_behind();
        const std::size_t written = d.write(more);
        if (was_behind) CHECK(written == 0);
        if (written < more.size()) CHECK(d.writer.is_behind());
        sent += more;
    }
    CHECK(d.writer.has_backlog());
    d.writer.on_eof();
    CHECK(d.writer.state() == Writing::finishing);
    run(d.io, [](ToProgram& p, const std::string& expected) -> awaitable<void> {
        const auto program = [](TcpSocket& own, const std::string& wanted) -> awaitable<void> {
            const Received received = co_await receive_all(own);
            CHECK(received.data == wanted);
            CHECK(received.end == asio::error::eof);
        };
        co_await both(program(p.program.own, expected), drain(p));
    }(d, sent));
    CHECK(d.writer.bytes() == sent.size());
    CHECK(d.writer.state() == Writing::over);
}

TEST_CASE("what is left is not kept, and may be offered again once the socket takes more") {
    ToProgram d;
    std::string sent;
    while (!d.writer.is_behind()) {
        const std::string more(4096, 'x');
        sent.append(more, 0, d.write(more, Rest::leave));
    }
    CHECK_FALSE(d.writer.has_backlog());
    CHECK(d.write("y", Rest::leave) == 0);
    run(d.io, [](ToProgram& p, const std::string& expected) -> awaitable<void> {
        const auto program = [](TcpSocket& own, std::size_t length) -> awaitable<void> {
            std::string received(length, '\0');
            co_await asio::async_read(own, asio::buffer(received), use_awaitable);
        };
        co_await both(program(p.program.own, expected.size()), drain(p));
        CHECK_FALSE(p.writer.is_behind());
        CHECK(p.write("y", Rest::leave) == 1);
    }(d, sent));
    CHECK(d.writer.bytes() == sent.size() + 1);
}

TEST_CASE("a program that has reset its connection is written to no more") {
    ToProgram d;
    SUBCASE("at once") {}
    SUBCASE("while it is behind") { d.fall_behind(); }
    run(d.io, [](ToProgram& p) -> awaitable<void> {
        p.program.reset();
        co_await p.program.socket.async_wait(StreamSocket::wait_error, use_awaitable);
        if (p.writer.is_behind()) {
            co_await drain(p);
        } else {
            p.write("x");
        }
    }(d));
    CHECK(d.writer.state() == Writing::failed);
    d.writer.on_eof();
    CHECK(d.writer.state() == Writing::failed);
}

TEST_CASE("data that nothing can keep for want of memory end the direction") {
    const std::size_t failed = for_each_allocation([](std::size_t n) {
        CAPTURE(n);
        ToProgram d;
        const std::string more(1 << 20, 'x');
        bool has_failed = false;
        {
            const FailingAllocation failing{n};
            d.write(more);
            has_failed = FailingAllocation::has_failed();
        }
        CHECK((d.writer.state() == Writing::failed) == has_failed);
        CHECK(d.writer.is_behind() == !has_failed);  // nothing has begun to write what waits
        return has_failed;
    });
    CHECK(failed > 0);
}

TEST_CASE("a tail that outlives its channel counts, and has a time limit") {
    constexpr Duration tail_time = std::chrono::milliseconds{1};
    ToProgram d;
    d.fall_behind(1'000'000);
    const auto budget = std::make_shared<WindowBudget>(1 << 20);
    SUBCASE("of a channel that is there, no time ends it") {
        d.writer.on_eof();
        run(d.io, [](ToProgram& p) -> awaitable<void> {
            // Until the kernel takes no more.
            for (std::size_t written = 1; written > 0;) {
                written = co_await p.writer.write_more(tail_time);
            }
        }(d));
        CHECK(d.writer.state() == Writing::finishing);
        CHECK(budget->claimed() == 0);
    }
    SUBCASE("nothing is read of it") {
        d.writer.on_closed(budget);
        CHECK(d.writer.state() == Writing::finishing);
        CHECK(budget->claimed() >= 1'000'000);
        run(d.io, drain(d, tail_time));
        CHECK(d.writer.state() == Writing::failed);
        CHECK(budget->claimed() == 0);
    }
    SUBCASE("it is read") {
        d.writer.on_closed(budget);
        run(d.io, [](ToProgram& p) -> awaitable<void> {
            const auto program = [](TcpSocket& own) -> awaitable<void> {
                const Received received = co_await receive_all(own);
                CHECK(received.data.size() > 1'000'000);
                CHECK(received.end == asio::error::eof);
            };
            co_await both(program(p.program.own), drain(p));
        }(d));
        CHECK(d.writer.state() == Writing::over);
        CHECK(budget->claimed() == 0);
    }
}

TEST_CASE("an aborted direction writes nothing more, and sends no FIN") {
    ToProgram d;
    d.fall_behind(1'000'000);
    const std::uint64_t before = d.writer.bytes();
    d.writer.on_eof();
    d.writer.stop();
    run(d.io, [](ToProgram& p) -> awaitable<void> {
        const auto program = [](TcpSocket& own, std::uint64_t length) -> awaitable<void> {
            std::string received(length, '\0');
            co_await asio::async_read(own, asio::buffer(received), use_awaitable);
        };
        co_await both(program(p.program.own, p.writer.bytes()), drain(p));
        char more = 0;
        std::error_code end;
        p.program.own.read_some(asio::buffer(&more, 1), end);
        CHECK(end == asio::error::would_block);
    }(d));
    CHECK(d.writer.state() == Writing::over);
    CHECK(d.writer.bytes() == before);
}
