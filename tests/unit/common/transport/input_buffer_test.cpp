#include "common/transport/input_buffer.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <random>
#include <string>

using namespace culvert;

namespace {

constexpr std::size_t small = 16 * 1024;
constexpr std::size_t largest = 1024 * 1024 + 256 * 1024;

}  // namespace

TEST_CASE("received bytes are read and consumed in their order") {
    InputBuffer in;
    CHECK(in.unread().empty());
    in.append(bytes_of("abcdef"));
    CHECK(text_of(in.unread()) == "abcdef");
    in.consume(2);
    in.append(bytes_of("gh"));
    CHECK(text_of(in.unread()) == "cdefgh");
    in.consume(6);
    CHECK(in.unread().empty());
}

TEST_CASE("a view lives until the next space()") {
    InputBuffer in;
    in.append(bytes_of("first second"));
    const Bytes first = in.unread().first(5);
    in.consume(6);
    const Bytes second = in.unread();
    in.consume(second.size());
    CHECK(text_of(first) == "first");
    CHECK(text_of(second) == "second");
}

TEST_CASE("the buffer grows with a peer that fills it, to a limit, and not with another") {
    InputBuffer quiet;
    for (int i = 0; i < 100; ++i) {
        const std::size_t room = quiet.space().size();
        CHECK(room == small);
        quiet.received(room - 1);
        quiet.consume(room - 1);
    }
    InputBuffer busy;
    std::size_t room = 0;
    for (int i = 0; i < 20; ++i) {
        CHECK(busy.space().size() >= room);
        room = busy.space().size();
        busy.received(room);
        busy.consume(room);
    }
    CHECK(room == largest);
}

TEST_CASE("an expected packet fits, however slowly it arrives") {
    InputBuffer in;
    const std::string packet(256 * 1024, 'p');
    in.append(bytes_of("before"));
    in.consume(6);
    in.append(bytes_of(packet.substr(0, 4)));
    in.expect(packet.size());
    CHECK(in.space().size() >= packet.size() - 4);
    for (std::size_t i = 4; i < packet.size(); i += 1000) {
        in.append(bytes_of(packet).subspan(i, std::min<std::size_t>(1000, packet.size() - i)));
    }
    CHECK(in.unread().size() == packet.size());
    CHECK(in.space().size() < 512 * 1024);
}

TEST_CASE("an idle buffer gives its memory back, one with unread bytes keeps them") {
    InputBuffer in;
    for (int i = 0; i < 5; ++i) {
        const std::size_t room = in.space().size();
        in.received(room);
        in.consume(room);
    }
    CHECK(in.space().size() > small);
    in.release();
    CHECK(in.unread().empty());
    CHECK(in.space().size() == small);

    in.append(bytes_of("kept"));
    in.release();
    CHECK(text_of(in.unread()) == "kept");
}

TEST_CASE("input agrees with a plain string under any mix of calls") {
    std::mt19937 random{7};
    const auto below = [&](std::size_t limit) { return random() % limit; };
    InputBuffer in;
    std::string model;
    unsigned next = 0;
    for (int i = 0; i < 1'000; ++i) {
        CAPTURE(i);
        switch (below(4)) {
            case 0: {
                const MutableBytes space = in.space();
                REQUIRE_FALSE(space.empty());
                const std::size_t length = below(4) == 0 ? space.size() : below(space.size());
                for (std::byte& b : space.first(length)) b = static_cast<std::byte>(next++);
                model += text_of(space.first(length));
                in.received(length);
                break;
            }
            case 1:
            case 2: {
                const std::size_t length = below(2) == 0 ? model.size() : below(model.size() + 1);
                in.consume(length);
                model.erase(0, length);
                break;
            }
            default:
                in.expect(below(300'000));
                if (below(8) == 0) in.release();
        }
        const bool same = text_of(in.unread()) == model;
        REQUIRE(same);
    }
}
