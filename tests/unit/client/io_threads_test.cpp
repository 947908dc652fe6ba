#include "client/io_threads.hpp"

#include <algorithm>
#include <vector>

#include <doctest/doctest.h>
#include <asio/io_context.hpp>

using namespace culvert;

TEST_CASE("connections are on the program's own thread, or on others, one after the other") {
    asio::io_context own;
    IoThreads threads{own.get_executor()};
    for (const std::size_t wanted : {0, 1}) {
        threads.start(wanted);
        CHECK(threads.next() == own.get_executor());
    }
    threads.start(2);
    const std::vector two{threads.next(), threads.next(), threads.next(), threads.next()};
    CHECK(two[0] != own.get_executor());
    CHECK(two[1] != own.get_executor());
    CHECK(two[0] != two[1]);
    CHECK(two[2] == two[0]);
    CHECK(two[3] == two[1]);
}

TEST_CASE("more threads may be wanted later; those that run already stay") {
    asio::io_context own;
    IoThreads threads{own.get_executor()};
    threads.start(3);
    const std::vector all{threads.next(), threads.next(), threads.next()};
    threads.start(1);
    threads.start(2);
    for (const IoExecutor& executor : all) CHECK(threads.next() == executor);
    threads.start(4);
    std::vector<IoExecutor> now;
    for (int i = 0; i < 4; ++i) now.push_back(threads.next());
    for (const IoExecutor& executor : all) {
        CHECK(std::ranges::count(now, executor) == 1);
    }
}
