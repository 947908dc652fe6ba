// What a session does for a reader that can't take at once what it receives.
#include <doctest/doctest.h>

#include "common/net/timeout.hpp"
#include "tests/unit/common/session/session_pair.hpp"

using namespace culvert;
using namespace culvert::test;

namespace {

// So that a reader that isn't woken fails its test, instead of being only late.
constexpr ReaderWaitBudget::Terms endless{.most = std::chrono::hours{1}, .alone_after = {}};
constexpr ReaderWaitBudget::Terms none{.most = {}};

void usual(EngineConfig&, EngineConfig&) {}

/// What `test` waits for comes within seconds, or never.
void run(SessionPair& pair, awaitable<void> test) {
    bool in_time = false;
    const auto limited = [](awaitable<void> limited_test, bool& done) -> awaitable<void> {
        done = co_await with_timeout(std::move(limited_test), std::chrono::seconds{30});
    };
    pair.run(limited(std::move(test), in_time));
    CHECK(in_time);
}

/// A reader that takes nothing, with something to take.
awaitable<void> open_to_stuck(SessionPair& pair, MemoryStream& near, MemoryStream& far) {
    far.takes_at_once = 0;
    co_await open(pair, near, far);
    co_await far.offered.wait();
}

awaitable<void> close(SessionPair& pair, MemoryStream& near, MemoryStream& far) {
    pair.client->close(near.channel);
    co_await wait_for_close(far);
}

/// Sends 6 MB to a reader that takes none of what it is only offered.
awaitable<void> receive_stuck(SessionPair& pair, MemoryStream& far) {
    MemoryStream near{pattern(6'000'000)};
    co_await open_to_stuck(pair, near, far);
    co_await wait_for_eof(far);
    CHECK(far.received == pattern(6'000'000));
    CHECK(far.kept == 6'000'000);
    co_await close(pair, near, far);
}

}  // namespace

TEST_CASE("a reader that is behind gets everything from where it was received") {
    for (const std::string_view method : {no_compression, delayed_zlib, delayed_zstd}) {
        CAPTURE(method);
        SessionPair pair{[method](EngineConfig& client, EngineConfig& server) {
                             client.transport.algorithms.compression = {std::string{method}};
                             server.transport.algorithms.compression = {std::string{method}};
                         },
                         endless};
        const auto test = [](SessionPair& both) -> awaitable<void> {
            MemoryStream near{pattern(6'000'000)};
            MemoryStream far;
            near.ends = false;  // that would have it take what is left
            far.takes_at_once = 10'000;
            co_await open(both, near, far);
            while (far.received.size() < 6'000'000) {
                far.offered.reset();
                co_await far.offered.wait();
            }
            CHECK(far.received == pattern(6'000'000));
            CHECK(far.kept == 0);
            co_await close(both, near, far);
        };
        run(pair, test(pair));
    }
}

TEST_CASE("while a reader is waited for the other direction goes on") {
    SessionPair pair{usual, endless};
    const auto test = [](SessionPair& both) -> awaitable<void> {
        MemoryStream near{pattern(1'000)};
        MemoryStream far{pattern(1'000'000)};
        near.ends = false;
        co_await open_to_stuck(both, near, far);
        co_await wait_for_eof(near);
        CHECK(near.received == pattern(1'000'000));
        CHECK(far.received.empty());
        far.takes_at_once = MemoryStream::everything;
        both.server->set_writable(far.channel);
        both.client->close(near.channel);
        co_await wait_for_close(far);
        CHECK(far.received == pattern(1'000));
    };
    run(pair, test(pair));
}

TEST_CASE("a stream that ends while it is waited for delays no other") {
    SessionPair pair{usual, endless};
    const auto test = [](SessionPair& both) -> awaitable<void> {
        MemoryStream near{pattern(6'000'000)};
        MemoryStream far;
        near.ends = false;
        co_await open_to_stuck(both, near, far);
        both.server->reset(far.channel);
        co_await wait_for_close(near);
        CHECK(*near.closed == ChannelEnd::reset);
        CHECK(far.kept == 0);
        MemoryStream next_near;
        MemoryStream next_far;
        co_await open(both, next_near, next_far);
        co_await close(both, next_near, next_far);
    };
    run(pair, test(pair));
}

TEST_CASE("a session that ends while a reader is waited for ends at once") {
    SessionPair pair{usual, endless};
    const auto test = [](SessionPair& both) -> awaitable<void> {
        MemoryStream near{pattern(6'000'000)};
        MemoryStream far;
        co_await open_to_stuck(both, near, far);
        both.server->end(DisconnectReason::by_application, "enough");
        co_await both.server_over.wait();
        CHECK(far.lost);
        co_await wait_for_eof(near);
        CHECK(near.lost);
    };
    run(pair, test(pair));
}

TEST_CASE("a reader that is not waited for keeps what it can't take") {
    SessionPair pair{usual, none};
    MemoryStream far;
    run(pair, receive_stuck(pair, far));
    CHECK(far.offers == 0);
}

TEST_CASE("a reader that takes nothing is waited for once") {
    SessionPair pair{usual, {.fast = 1e15, .most = std::chrono::milliseconds{1}}};
    MemoryStream far;
    run(pair, receive_stuck(pair, far));
    CHECK(far.offers >= 1);
    CHECK(far.offers <= 3);  // of a dozen receives; a timer may be late
}

TEST_CASE("what a reader has taken is granted again while it is waited for") {
    SessionPair pair{[](EngineConfig&, EngineConfig& server) {
                         server.connection.receive_window = window_sizes(200'000);
                         server.keepalive = {Duration::zero(), 0};  // nothing else sends
                     },
                     endless};
    const auto test = [](SessionPair& both) -> awaitable<void> {
        MemoryStream near{pattern(250'000)};
        MemoryStream far;
        near.ends = false;
        far.takes_in_all = 100'000;
        co_await open(both, near, far);
        co_await near.all_sent.wait();
        CHECK(far.received.size() == 100'000);
        both.client->reset(near.channel);
        far.takes_in_all = MemoryStream::everything;
        both.server->set_writable(far.channel);
        co_await wait_for_close(far);
    };
    run(pair, test(pair));
}

TEST_CASE("while others receive as well no reader is waited for") {
    ReaderWaitBudget::Terms alone_after_long = endless;
    alone_after_long.alone_after = std::chrono::hours{1};
    SessionPair pair{usual, alone_after_long};
    const auto test = [](SessionPair& both) -> awaitable<void> {
        MemoryStream other_near{"something"};
        MemoryStream other_far;
        other_near.ends = false;
        co_await open(both, other_near, other_far);
        co_await other_far.offered.wait();

        MemoryStream far;
        co_await receive_stuck(both, far);
        CHECK(far.offers == 0);
        co_await close(both, other_near, other_far);
    };
    run(pair, test(pair));
}
