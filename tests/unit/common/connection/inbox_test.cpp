#include "common/connection/inbox.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace culvert;
using namespace std::chrono_literals;

namespace {

constexpr ChannelId here{3};
constexpr ChannelId there{4};
constexpr TimePoint start{1h};

std::string text(const Inbox& inbox) {
    std::string all;
    for (const Bytes piece : inbox.pieces()) all += std::string{text_of(piece)} + "|";
    return all;
}

Inbox with(std::initializer_list<std::string_view> pieces) {
    Inbox inbox{ReaderWaitBudget::Terms{}};
    for (const std::string_view piece : pieces) inbox.add(here, bytes_of(piece), start);
    return inbox;
}

}  // namespace

TEST_CASE("what was taken is dropped from the front, within a piece as well") {
    struct Row {
        std::size_t taken;
        std::string_view left;
    };
    for (const Row& row : {Row{0, "abc|de||f|"}, Row{1, "bc|de||f|"}, Row{3, "de||f|"},
                           Row{4, "e||f|"}, Row{5, "f|"}, Row{6, ""}}) {
        CAPTURE(row.taken);
        Inbox at_once = with({"abc", "de", "", "f"});
        at_once.drop_front(row.taken);
        CHECK(text(at_once) == row.left);
        CHECK(at_once.empty() == row.left.empty());
        CHECK(at_once.channel() == here);

        Inbox one_by_one = with({"abc", "de", "", "f"});
        for (std::size_t i = 0; i < row.taken; ++i) one_by_one.drop_front(1);
        CHECK(text(one_by_one) == row.left);
    }
}

TEST_CASE("nothing but empty pieces is nothing left, once it was taken") {
    Inbox inbox = with({"", ""});
    CHECK_FALSE(inbox.empty());
    inbox.drop_front(0);
    CHECK(inbox.empty());
}

TEST_CASE("it is full when it holds as many pieces as it may, and cleared or taken it isn't") {
    Inbox inbox{ReaderWaitBudget::Terms{}};
    const auto fill = [&inbox] {
        std::size_t pieces = 0;
        for (; !inbox.full(); ++pieces) inbox.add(here, bytes_of("ab"), start);
        return pieces;
    };
    const std::size_t most = fill();
    CHECK(most > 10);
    CHECK(inbox.pieces().size() == most);
    inbox.drop_front(1);
    CHECK(inbox.full());
    inbox.drop_front(1);
    CHECK(fill() == 1);
    inbox.clear();
    CHECK(inbox.empty());
    CHECK(fill() == most);
}

TEST_CASE("its user is waited for, but not while another channel receives as well") {
    const ReaderWaitBudget::Terms terms;
    Inbox alone = with({"a"});
    CHECK(alone.time_left(start) == terms.most);
    CHECK(alone.time_left(start + terms.most) == 0ms);
    alone.on_waited(terms.most);
    CHECK(alone.time_left(start) == 0ms);
    alone.on_delivered(100'000'000);
    CHECK(alone.time_left(start) == terms.most);

    Inbox shared = with({"a"});
    shared.clear();
    shared.add(there, bytes_of("b"), start + 1ms);
    CHECK(shared.channel() == there);
    CHECK(shared.time_left(start + 1ms) == 0ms);
    shared.clear();
    shared.add(there, bytes_of("b"), start + terms.alone_after);
    CHECK(shared.time_left(start + terms.alone_after) == terms.most);
}

TEST_CASE("a channel that is over is no other that receives") {
    for (const ChannelId forgotten : {here, there}) {
        CAPTURE(forgotten.value());
        const ReaderWaitBudget::Terms terms;
        Inbox inbox = with({"a"});
        inbox.clear();
        inbox.forget(forgotten);
        inbox.add(there, bytes_of("b"), start + 1ms);
        CHECK(inbox.time_left(start + 1ms) == (forgotten == here ? terms.most : Duration{}));
    }
}
