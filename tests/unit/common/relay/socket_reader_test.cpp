#include "common/relay/socket_reader.hpp"

#include <doctest/doctest.h>

#include <random>
#include <string>
#include <vector>

#include "common/net/both.hpp"
#include "tests/unit/common/net/run.hpp"
#include "tests/unit/common/relay/connected.hpp"

using namespace culvert;
using namespace culvert::test;

namespace {

using Reading = SocketReader::State;
using Then = ChannelRead::Then;

/// One direction of a relay, and the program that it reads from.
struct FromProgram {
    asio::io_context io;
    Program program{io};
    SocketReader reader{program.socket};

    ChannelRead read(std::size_t room) {
        buffer.assign(room, '\0');
        const MutableBytes slot = std::as_writable_bytes(std::span{buffer});
        return reader.read(std::array{slot});
    }
    std::string buffer;
};

awaitable<void> until_readable(FromProgram& d) {
    std::error_code ended;
    auto readable = d.reader.readable(ended);
    co_await std::move(readable);
    CHECK_FALSE(ended);
}

std::string numbers(std::size_t length) {
    std::string text;
    while (text.size() < length) text += std::to_string(text.size()) + ' ';
    return text.substr(0, length);
}

/// Reads as a session does, with slots of any sizes, until the direction is no longer open.
awaitable<void> read_all(FromProgram& d, std::string& received) {
    std::mt19937 random{4};
    while (d.reader.is_open()) {
        co_await until_readable(d);
        d.reader.begin_turn();
        while (!d.reader.is_ready()) {
            std::vector<std::string> texts(1 + random() % 5);
            std::vector<MutableBytes> slots;
            for (std::string& text : texts) {
                text.resize(1 + random() % 5'000);
                slots.push_back(std::as_writable_bytes(std::span{text}));
            }
            std::size_t left = d.reader.read(slots).bytes;
            for (const std::string& text : texts) {
                received.append(text, 0, left);
                left -= std::min(left, text.size());
            }
        }
    }
}

}  // namespace

TEST_CASE("what a program sends fills the slots in their order, up to its EOF") {
    FromProgram d;
    std::string received;
    const std::string sent = numbers(400'000);
    run(d.io, both(send_all(d.program.own, sent), read_all(d, received)));
    CHECK(received == sent);
    CHECK(d.reader.bytes() == sent.size());
    CHECK(d.reader.state() == Reading::over);
}

TEST_CASE("a read says what comes after it") {
    FromProgram d;
    CHECK(d.read(4).then == Then::would_block);
    run(d.io, [](FromProgram& p) -> awaitable<void> {
        p.program.own.write_some(asio::buffer("abcdef", 6));
        co_await until_readable(p);
        ChannelRead read = p.read(4);
        CHECK(read.bytes == 4);
        CHECK(read.then == Then::more);
        read = p.read(4);
        CHECK(read.bytes == 2);
        CHECK(read.then == Then::would_block);
        CHECK(p.reader.state() == Reading::open);
        SUBCASE("EOF") {
            p.program.own.shutdown(TcpSocket::shutdown_send);
            co_await until_readable(p);
            CHECK(p.read(4).then == Then::eof);
            CHECK(p.reader.state() == Reading::over);
        }
        SUBCASE("a reset") {
            p.program.reset();
            co_await until_readable(p);
            CHECK(p.read(4).then == Then::failed);
            CHECK(p.reader.state() == Reading::failed);
        }
        CHECK(p.reader.bytes() == 6);
    }(d));
}

TEST_CASE("a turn begins once the channel is open, and lasts until all is read") {
    FromProgram d;
    CHECK_FALSE(d.reader.is_ready());
    d.reader.on_opened();
    CHECK(d.reader.is_ready());
    d.reader.begin_turn();
    CHECK_FALSE(d.reader.is_ready());
    SUBCASE("read") {
        d.program.own.write_some(asio::buffer("ab", 2));
        run(d.io, until_readable(d));
        CHECK(d.read(2).then == Then::more);
        CHECK_FALSE(d.reader.is_ready());
        CHECK(d.read(2).then == Then::would_block);
        CHECK(d.reader.state() == Reading::open);
    }
    SUBCASE("or the channel is gone") {
        d.reader.on_closed();
        CHECK(d.reader.state() == Reading::finishing);
    }
    SUBCASE("or the stream is aborted") {
        d.reader.stop();
        CHECK(d.reader.state() == Reading::over);
    }
    CHECK(d.reader.is_ready());
}

TEST_CASE("a channel that goes after the program's EOF leaves nothing to finish") {
    FromProgram d;
    d.program.own.shutdown(TcpSocket::shutdown_send);
    run(d.io, until_readable(d));
    CHECK(d.read(4).then == Then::eof);
    d.reader.on_closed();
    CHECK(d.reader.state() == Reading::over);
}

TEST_CASE("a reset is found while nothing is read") {
    FromProgram d;
    int calls = 0;
    const auto watch = [&] {
        d.reader.watch_for_reset([&](std::error_code cancelled) {
            ++calls;
            d.reader.on_watched(cancelled);
        });
    };
    SUBCASE("with bytes that nothing has read") {
        d.program.own.write_some(asio::buffer("ab", 2));
        watch();
        watch();  // once is enough
        d.program.reset();
        run(d.io, d.reader.watch_over());
        CHECK(d.reader.state() == Reading::failed);
    }
    SUBCASE("after EOF") {
        d.program.own.shutdown(TcpSocket::shutdown_send);
        run(d.io, until_readable(d));
        CHECK(d.read(4).then == Then::eof);
        watch();
        d.program.reset();
        run(d.io, d.reader.watch_over());
        CHECK(d.reader.state() == Reading::failed);
    }
    SUBCASE("but the end of both directions is none") {
        d.program.own.shutdown(TcpSocket::shutdown_send);
        run(d.io, until_readable(d));
        CHECK(d.read(4).then == Then::eof);
        watch();
        d.program.socket.shutdown(StreamSocket::shutdown_send);
        run(d.io, d.reader.watch_over());
        CHECK(d.reader.state() == Reading::over);
    }
    SUBCASE("and not once the socket is cancelled") {
        watch();
        CHECK(d.reader.is_watching());
        d.program.socket.cancel();
        run(d.io, d.reader.watch_over());
        CHECK(d.reader.state() == Reading::open);
    }
    CHECK(calls == 1);
    CHECK_FALSE(d.reader.is_watching());
}
