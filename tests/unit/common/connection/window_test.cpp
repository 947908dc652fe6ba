#include "common/connection/window.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <list>
#include <random>

#include "tests/unit/common/wire/refusal.hpp"

using namespace culvert;
using test::refusal;

namespace {

constexpr std::uint32_t largest = 0xffff'ffff;

/// A window that stays as it is.
struct Fixed : ReceiveWindow {
    explicit Fixed(std::uint32_t size) : ReceiveWindow{{size, size}, budget} {}
    static inline WindowBudget budget{std::uint64_t{1} << 40};
};

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
    Fixed window{100};
    window.on_received(60);
    CHECK_NOTHROW(window.on_received(40));
    CHECK(window.left() == 0);
    CHECK_NOTHROW(window.on_received(0));
    CHECK_THROWS_AS(window.on_received(1), ProtocolError);
    CHECK(refusal([] { Fixed{100}.on_received(101); }).what() ==
          std::string{"101 bytes of data in a window of 100"});
    CHECK_THROWS_AS(Fixed{100}.on_received(largest), ProtocolError);
    CHECK_THROWS_AS(Fixed{0}.on_received(1), ProtocolError);
}

TEST_CASE("credit is returned a quarter of the window at a time") {
    Fixed window{100};
    window.on_received(100);
    CHECK(window.on_delivered(24, {}) == 0);
    CHECK(window.left() == 0);
    CHECK(window.on_delivered(1, {}) == 25);
    CHECK(window.left() == 25);
    CHECK(window.on_delivered(0, {}) == 0);
    CHECK(window.on_delivered(75, {}) == 75);
    CHECK(window.left() == 100);

    Fixed tiny{3};
    tiny.on_received(3);
    CHECK(tiny.on_delivered(1, {}) == 1);
}

TEST_CASE("both ends of a direction agree with a naive count at any time") {
    for (std::uint32_t seed = 1; seed <= 50; ++seed) {
        CAPTURE(seed);
        std::mt19937 random{seed};
        const auto size = static_cast<std::uint32_t>(1 + random() % 1000);
        SendWindow sender{size};
        Fixed receiver{size};
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
                    const std::uint32_t grant = receiver.on_delivered(bytes, {});
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

namespace {

using namespace std::chrono_literals;

/// A reader that takes all that a sender with this window and path can bring it.
struct Download {
    Download(WindowSizes sizes, WindowBudget& budget, double bytes_a_second, Duration round_trip)
        : window{sizes, budget}, rate{bytes_a_second}, trip{round_trip} {}

    /// So many round trips; in each the sender uses up what it has been granted, as far as the
    /// path carries that much.
    void run(int round_trips) {
        for (int i = 0; i < round_trips; ++i) {
            const double seconds = std::chrono::duration<double>(trip).count();
            const auto most = static_cast<std::uint64_t>(rate * seconds);
            const auto bytes =
                static_cast<std::uint32_t>(std::min<std::uint64_t>(window.left(), most));
            constexpr std::uint32_t pieces = 16;
            for (std::uint32_t piece = 0; piece < pieces; ++piece) {
                const std::uint32_t length = bytes / pieces + (piece < bytes % pieces ? 1 : 0);
                now += trip / pieces;
                window.on_received(length);
                if (reads) (void)window.on_delivered(length, {now, trip, peer_limits_inflight});
            }
        }
    }

    ReceiveWindow window;
    double rate;
    Duration trip;
    TimePoint now{1h};
    bool reads = true;
    bool peer_limits_inflight = true;
};

constexpr WindowSizes usual{};

}  // namespace

TEST_CASE("a window grows to twice what its reader takes in a round trip, and no further") {
    struct Row {
        const char* name;
        double rate;
        Duration round_trip;
        std::uint32_t least, most;
    };
    for (const Row& row : {
             Row{"20 Mbit/s, 50 ms: 125 KB", 2.5e6, 50ms, usual.first, usual.first},
             Row{"1 Gbit/s, 100 ms: 12.5 MB", 125e6, 100ms, 20'000'000, 60'000'000},
             Row{"10 Gbit/s, 100 ms: more than the ceiling", 1.25e9, 100ms, usual.largest,
                 usual.largest},
         }) {
        CAPTURE(row.name);
        WindowBudget budget{1'000'000'000};
        Download download{usual, budget, row.rate, row.round_trip};
        download.run(12);
        CHECK(download.window.size() >= row.least);
        CHECK(download.window.size() <= row.most);
        CHECK(budget.claimed() == download.window.size());
    }
}

TEST_CASE("a window that holds its stream back grows at once, also if clumps are a little late") {
    WindowBudget budget{1'000'000'000};
    ReceiveWindow window{usual, budget};
    TimePoint now{1h};
    for (int clump = 0; clump < 2; ++clump) {
        for (int piece = 0; piece < 10; ++piece) {
            now += 1ms;
            window.on_received(70'000);
            (void)window.on_delivered(70'000, {now, 100ms, true});
        }
        now += 105ms;
    }
    CHECK(window.size() == 4 * usual.first);
}

TEST_CASE("the window of a peer that reads ahead follows the path, not the bursts it comes in") {
    constexpr Duration round_trip = 300us;
    constexpr std::uint32_t burst = 300'000;  // in 30 us; and so 600 MB/s
    WindowBudget budget{1'000'000'000};
    for (const bool peer_limits_inflight : {false, true}) {
        CAPTURE(peer_limits_inflight);
        ReceiveWindow window{{512 * 1024, usual.largest}, budget};
        TimePoint now{1h};
        for (int i = 0; i < 1000; ++i) {
            std::uint32_t left = std::min(burst, window.left());
            for (int piece = 0; piece < 10; ++piece) {
                const std::uint32_t length = left / 10;
                now += 3us;
                window.on_received(length);
                (void)window.on_delivered(length, {now, round_trip, peer_limits_inflight});
            }
            now += 470us;
        }
        CHECK((window.size() < 2'000'000) == !peer_limits_inflight);
    }
}

TEST_CASE("a peer that reads ahead gets as large a window for a long path as one that doesn't") {
    WindowBudget budget{1'000'000'000};
    Download download{usual, budget, 125e6, 100ms};
    download.peer_limits_inflight = false;
    download.run(12);
    CHECK(download.window.size() >= 20'000'000);
}

TEST_CASE("a reader that takes nothing never makes its window grow") {
    WindowBudget budget{1'000'000'000};
    Download download{usual, budget, 1.25e9, 100ms};
    download.reads = false;
    download.run(10);
    CHECK(download.window.size() == usual.first);
    CHECK(download.window.left() == 0);
}

TEST_CASE("a window that was long needed far less is smaller, by credit that isn't returned") {
    WindowBudget budget{1'000'000'000};
    Download download{usual, budget, 1.25e9, 100ms};
    download.run(12);
    REQUIRE(download.window.size() == usual.largest);
    for (int i = 0; i < 40; ++i) {
        download.now += 10s;
        download.rate = 5e6;
        download.run(40);
    }
    CHECK(download.window.size() < usual.largest / 4);
    CHECK(download.window.size() >= usual.first);
    CHECK(download.window.left() <= download.window.size());
    CHECK(budget.claimed() == download.window.size());
}

TEST_CASE("so is one whose stream has long been slower without a pause") {
    WindowBudget budget{1'000'000'000};
    Download download{usual, budget, 1.25e9, 100ms};
    download.run(12);
    REQUIRE(download.window.size() == usual.largest);
    download.rate = 5e6;
    download.run(600);
    CHECK(download.window.size() < usual.largest / 4);
}

TEST_CASE("when all claims together are too much, who has more than a fair share gives of it") {
    constexpr std::uint32_t limit = 400'000'000;
    WindowBudget budget{limit};
    Download rich{usual, budget, 1.25e9, 100ms};
    rich.run(12);
    REQUIRE(rich.window.size() == usual.largest);
    std::list<Download> others;
    for (int i = 0; i < 30; ++i) others.emplace_back(usual, budget, 1.25e9, 100ms);
    for (int i = 0; i < 60; ++i) {
        rich.rate = 100e6;
        rich.run(1);
        for (Download& other : others) other.run(1);
        REQUIRE(budget.claimed() <= limit);
    }
    for (const Download& other : others) CHECK(other.window.size() > limit / 31 / 2);
    CHECK(rich.window.size() < 2 * (limit / 31));
}
