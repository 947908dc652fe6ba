#include "common/connection/window.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <random>

#include "tests/unit/common/wire/refusal.hpp"

using namespace culvert;
using test::refusal;

namespace {

constexpr std::uint32_t largest = 0xffff'ffff;

}  // namespace

TEST_CASE("a send window never passes 2^32-1 (RFC 4254 5.2)") {
    struct Row {
        std::string_view name;
        std::uint32_t initial, adjust;
        bool allowed;
    };
    for (const Row& row : {
             Row{"nothing on nothing", 0, 0, true},
             Row{"up to the limit", 0, largest, true},
             Row{"the last byte", largest - 1, 1, true},
             Row{"nothing on a full one", largest, 0, true},
             Row{"one past it", largest, 1, false},
             Row{"far past it", largest, largest, false},
             Row{"two halves and one", 0x8000'0000, 0x8000'0000, false},
         }) {
        CAPTURE(row.name);
        SendWindow window{row.initial};
        if (row.allowed) {
            window.on_adjust(row.adjust);
            CHECK(window.left() == row.initial + row.adjust);
        } else {
            CHECK(refusal([&] { window.on_adjust(row.adjust); }).reason() ==
                  DisconnectReason::protocol_error);
            CHECK(window.left() == row.initial);
        }
    }
}

TEST_CASE("a send window is used up and adjusted") {
    SendWindow window{10};
    window.on_sent(10);
    CHECK(window.left() == 0);
    window.on_sent(0);
    window.on_adjust(0);
    CHECK(window.left() == 0);
    window.on_adjust(3);
    window.on_sent(2);
    CHECK(window.left() == 1);
    CHECK(SendWindow{}.left() == 0);
}

TEST_CASE("a peer that sends past our window is refused, to the byte") {
    ReceiveWindow window{100};
    window.on_received(60);
    CHECK_NOTHROW(window.on_received(40));
    CHECK(window.left() == 0);
    CHECK_NOTHROW(window.on_received(0));
    CHECK_THROWS_AS(window.on_received(1), ProtocolError);
    CHECK(refusal([] { ReceiveWindow{100}.on_received(101); }).what() ==
          std::string{"101 bytes of data in a window of 100"});
    CHECK_THROWS_AS(ReceiveWindow{100}.on_received(largest), ProtocolError);
    CHECK_THROWS_AS(ReceiveWindow{0}.on_received(1), ProtocolError);
}

TEST_CASE("credit is returned a quarter of the window at a time") {
    ReceiveWindow window{100};
    window.on_received(100);
    CHECK(window.on_delivered(24) == 0);
    CHECK(window.left() == 0);
    CHECK(window.on_delivered(1) == 25);
    CHECK(window.left() == 25);
    CHECK(window.on_delivered(0) == 0);
    CHECK(window.on_delivered(75) == 75);
    CHECK(window.left() == 100);

    ReceiveWindow tiny{3};
    tiny.on_received(3);
    CHECK(tiny.on_delivered(1) == 1);
}

TEST_CASE("both ends of a direction agree with a naive count at any time") {
    for (std::uint32_t seed = 1; seed <= 50; ++seed) {
        CAPTURE(seed);
        std::mt19937 random{seed};
        const auto size = static_cast<std::uint32_t>(1 + random() % 1000);
        SendWindow sender{size};
        ReceiveWindow receiver{size};
        std::uint64_t on_the_way = 0;
        std::uint64_t undelivered = 0;
        std::uint64_t granted_on_the_way = 0;
        std::uint64_t ungranted = 0;
        const auto up_to = [&](std::uint64_t limit) {
            return static_cast<std::uint32_t>(random() % (limit + 1));
        };
        for (int i = 0; i < 2'000; ++i) {
            switch (random() % 4) {
                case 0: {
                    const std::uint32_t bytes = up_to(sender.left());
                    sender.on_sent(bytes);
                    on_the_way += bytes;
                    break;
                }
                case 1: {
                    const std::uint32_t bytes = up_to(on_the_way);
                    receiver.on_received(bytes);
                    on_the_way -= bytes;
                    undelivered += bytes;
                    break;
                }
                case 2: {
                    const std::uint32_t bytes = up_to(undelivered);
                    const std::uint32_t grant = receiver.on_delivered(bytes);
                    undelivered -= bytes;
                    ungranted += bytes;
                    REQUIRE(grant <= ungranted);
                    ungranted -= grant;
                    granted_on_the_way += grant;
                    break;
                }
                default: {
                    const std::uint32_t bytes = up_to(granted_on_the_way);
                    sender.on_adjust(bytes);
                    granted_on_the_way -= bytes;
                }
            }
            REQUIRE(sender.left() + on_the_way + undelivered + ungranted + granted_on_the_way ==
                    size);
            REQUIRE(receiver.left() == sender.left() + on_the_way + granted_on_the_way);
            REQUIRE(ungranted < std::max(1u, size / 4));
        }
    }
}
