#include "common/engine/answer_backlog.hpp"

#include <doctest/doctest.h>

#include <deque>
#include <random>
#include <utility>

using namespace culvert;

namespace {

/// An output in order, of which it is known what answers the peer.
class Model {
public:
    AnswerBacklog backlog;

    void answer(std::size_t bytes) {
        const UnsentBytes before = unsent_;
        unsent_.output += bytes;
        packets_.push_back({bytes, true});
        backlog.on_answered(before, unsent_);
    }
    void write(std::size_t bytes) {
        unsent_.output += bytes;
        packets_.push_back({bytes, false});
    }
    void send(std::size_t most) {
        std::size_t sent = 0;
        while (sent < most && !packets_.empty()) {
            Packet& first = packets_.front();
            const std::size_t length = std::min(first.bytes, most - sent);
            first.bytes -= length;
            sent += length;
            if (first.bytes == 0) packets_.pop_front();
        }
        unsent_.output -= sent;
        backlog.on_sent(sent, unsent_);
    }
    void hold(std::size_t bytes, bool is_answer) {
        const UnsentBytes before = unsent_;
        unsent_.held += bytes;
        if (is_answer) backlog.on_answered(before, unsent_);
    }
    void release() {
        const UnsentBytes before = unsent_;
        packets_.push_back({unsent_.held, false});
        unsent_.output += std::exchange(unsent_.held, 0);
        backlog.on_answered(before, unsent_);
    }

    std::size_t answers() const {
        std::size_t bytes = 0;
        for (const Packet& packet : packets_) bytes += packet.is_answer ? packet.bytes : 0;
        return bytes;
    }
    std::size_t unsent() const { return unsent_.output; }

private:
    struct Packet {
        std::size_t bytes;
        bool is_answer;
    };
    std::deque<Packet> packets_;
    UnsentBytes unsent_;
};

}  // namespace

TEST_CASE("only answers count, until they have been sent") {
    Model model;
    model.write(1'000);
    CHECK(model.backlog.bytes() == 0);
    model.answer(10);
    CHECK(model.backlog.bytes() == 10);
    model.send(1'009);
    CHECK(model.backlog.bytes() == 10);
    model.send(1);
    CHECK(model.backlog.bytes() == 0);
    model.write(5);
    model.answer(20);
    model.answer(30);
    model.send(25);
    CHECK(model.backlog.bytes() == 30);
    model.send(30);
    CHECK(model.backlog.bytes() == 0);
}

TEST_CASE("held answers count, what is held besides doesn't, before and after it is let out") {
    Model model;
    model.hold(100, true);
    model.hold(5'000, false);
    CHECK(model.backlog.bytes() == 100);
    model.write(700);  // of the key exchange
    model.send(700);
    CHECK(model.backlog.bytes() == 100);
    model.release();
    CHECK(model.backlog.bytes() == 100);
    model.send(5'100);
    CHECK(model.backlog.bytes() == 0);
}

TEST_CASE("never fewer than there are, and none of what was sent long ago") {
    std::mt19937 random{3};
    Model model;
    std::size_t answered_lately = 0;  // since the output was last empty
    for (int i = 0; i < 100'000; ++i) {
        switch (random() % 4) {
            case 0: {
                const std::size_t bytes = 1 + random() % 100;
                model.answer(bytes);
                answered_lately += bytes;
                break;
            }
            case 1:
                model.write(random() % 200);
                break;
            default:
                model.send(random() % 200);
        }
        REQUIRE(model.backlog.bytes() >= model.answers());
        if (model.unsent() == 0) {
            REQUIRE(model.backlog.bytes() == 0);
            answered_lately = 0;
        }
        REQUIRE(model.backlog.bytes() <= answered_lately);
    }
}
