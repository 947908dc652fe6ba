#include "client/client_signals.hpp"

#include <signal.h>

#include <new>
#include <vector>

#include <doctest/doctest.h>
#include <asio/io_context.hpp>

#include "common/log/log.hpp"
#include "tests/unit/common/log/captured_stderr.hpp"
#include "tests/unit/common/net/run.hpp"

using namespace culvert;

namespace {

awaitable<void> wait_for_end(ClientSignals& signals, std::vector<int>& ends) {
    const int end = co_await signals.next_end();
    ends.push_back(end);
}

}  // namespace

TEST_CASE("what ends the program is waited for, and the other signals are obeyed meanwhile") {
    asio::io_context io;
    std::vector<int> obeyed;
    std::vector<int> ends;
    ClientSignals signals{io, [&](int signal) { obeyed.push_back(signal); }};
    ::raise(SIGUSR1);
    ::raise(SIGTERM);
    run(io, wait_for_end(signals, ends));
    CHECK(ends == std::vector{SIGTERM});
    CHECK(obeyed == std::vector{SIGUSR1});
    ::raise(SIGUSR2);
    ::raise(SIGINT);
    run(io, wait_for_end(signals, ends));
    CHECK(ends == std::vector{SIGTERM, SIGINT});
    CHECK(obeyed == std::vector{SIGUSR1, SIGUSR2});
}

TEST_CASE("a signal that can't be obeyed doesn't keep the next one from ending the program") {
    test::CapturedStderr captured;
    start_log("test");
    asio::io_context io;
    std::vector<int> ends;
    ClientSignals signals{io, [](int) { throw std::bad_alloc{}; }};
    ::raise(SIGUSR1);
    ::raise(SIGTERM);
    run(io, wait_for_end(signals, ends));
    CHECK(ends == std::vector{SIGTERM});
    CHECK(captured.text() == "test: a signal wasn't obeyed: std::bad_alloc\n");
}

TEST_CASE("a client whose work is over waits for no signal any more") {
    asio::io_context io;
    std::vector<int> ends;
    ClientSignals signals{io, [&](int) { signals.stop_waiting(); }};
    ::raise(SIGUSR1);
    run(io, wait_for_end(signals, ends));
    CHECK(ends == std::vector{0});
    run(io, wait_for_end(signals, ends));
    CHECK(ends == std::vector{0, 0});
}
