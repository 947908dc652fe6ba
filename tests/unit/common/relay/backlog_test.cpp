#include "common/relay/backlog.hpp"

#include <doctest/doctest.h>

#include <array>
#include <random>
#include <string>

using namespace culvert;

namespace {

std::string text_of(const Backlog& backlog) {
    std::array<Bytes, 1'000> views;
    std::string text;
    for (const Bytes view : backlog.front(views)) text += culvert::text_of(view);
    return text;
}

}  // namespace

TEST_CASE("what came first is taken first, in pieces of any size") {
    std::mt19937 random{1};
    Backlog backlog;
    std::string expected;
    for (int i = 0; i < 2'000; ++i) {
        std::string more(random() % 50'000 * (random() % 2), '\0');
        for (char& c : more) c = static_cast<char>(random());
        if (expected.size() < 1'000'000) {
            backlog.append(bytes_of(more));
            expected += more;
        }
        const std::size_t taken = std::min<std::size_t>(random() % 60'000, expected.size());
        backlog.taken(taken);
        expected.erase(0, taken);
        REQUIRE(backlog.empty() == expected.empty());
        if (i % 50 == 0) REQUIRE(text_of(backlog) == expected);
    }
    backlog.taken(expected.size());
    CHECK(backlog.empty());
}

TEST_CASE("no more is shown than there is room for") {
    Backlog backlog;
    for (int i = 0; i < 10; ++i) backlog.append(Bytes{ByteVector(64 * 1024)});
    std::array<Bytes, 3> views;
    CHECK(backlog.front(views).size() == 3);
    std::array<Bytes, 100> more;
    CHECK(backlog.front(more).size() == 10);
    backlog.clear();
    CHECK(backlog.front(more).empty());
}
