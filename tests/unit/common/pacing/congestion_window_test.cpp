#include "common/pacing/congestion_window.hpp"

#include <doctest/doctest.h>

#include <deque>
#include <limits>
#include <random>

using namespace culvert;
using namespace std::chrono_literals;

namespace {

constexpr std::size_t unlimited = std::numeric_limits<std::size_t>::max();

enum class Tcp { fast, slow_start };

/// A path with an endless queue, as a bulk sender sees it that obeys a CongestionWindow. Its TCP
/// sends whatever it is given, or is a new one, whose window grows by what is acknowledged (RFC
/// 5681 3.1).
class Path {
public:
    Path(double bytes_a_second, Duration round_trip, Tcp tcp = Tcp::fast)
        : rate_{bytes_a_second}, delay_{round_trip} {
        if (tcp == Tcp::slow_start) window_ = 10 * 1460;
        window.begin();
        window.on_round_trip(round_trip, now_);  // the login's
    }

    /// Sends packets of 16 KiB for so long, whenever there is available.
    void carry(Duration time) {
        const TimePoint end = now_ + time;
        const std::uint64_t before = arrived_;
        while (now_ < end) {
            hear();
            std::size_t available = window.available();
            while (available > 0 && sends) {
                const std::size_t bytes = std::min<std::size_t>(available, 16 * 1024);
                send(bytes);
                available = window.available();
            }
            if (window.probe_is_due()) probe();
            transmit();
            now_ += 1ms;
        }
        carried =
            static_cast<double>(arrived_ - before) / std::chrono::duration<double>(time).count();
    }

    /// How long what enters the path now will wait for what entered it before.
    Duration queue() const { return std::max(Duration::zero(), free_at_ - now_); }
    std::uint64_t arrived() const { return arrived_; }
    TimePoint now() const { return now_; }
    void become(double bytes_a_second, Duration round_trip) {
        rate_ = bytes_a_second;
        delay_ = round_trip;
    }

    CongestionWindow window;
    double carried = 0;  ///< bytes a second, the last time
    bool sends = true;

private:
    struct Probe {
        std::uint64_t place;
        TimePoint earliest;
        std::uint64_t number;
    };
    struct Segment {
        std::uint64_t end;
        TimePoint acknowledged;
    };

    void send(std::size_t bytes) {
        sent_ += bytes;
        window.on_sent(bytes);
        if (window.probe_is_due()) probe();
    }
    void probe() { probes_.push_back({sent_, now_ + delay_, window.probe(now_)}); }
    void transmit() {
        while (transmitted_ < sent_ && transmitted_ - arrived_ < window_) {
            const std::uint64_t most = std::min<std::uint64_t>(16 * 1024, window_);
            const std::uint64_t bytes = std::min(sent_ - transmitted_, most);
            free_at_ = std::max(free_at_, now_) +
                       std::chrono::duration_cast<Duration>(
                           std::chrono::duration<double>(static_cast<double>(bytes) / rate_));
            transmitted_ += bytes;
            segments_.push_back({transmitted_, free_at_ + delay_});
        }
    }
    void hear() {
        while (!segments_.empty() && segments_.front().acknowledged <= now_) {
            if (window_ != unlimited) window_ += segments_.front().end - arrived_;
            arrived_ = segments_.front().end;
            segments_.pop_front();
        }
        while (!probes_.empty() && probes_.front().place <= arrived_ &&
               probes_.front().earliest <= now_) {
            window.on_pong(probes_.front().number, now_);
            probes_.pop_front();
        }
    }

    double rate_;
    Duration delay_;
    TimePoint now_{1h};
    TimePoint free_at_{};
    std::uint64_t sent_ = 0;         ///< to TCP
    std::uint64_t transmitted_ = 0;  ///< by TCP
    std::uint64_t arrived_ = 0;
    std::uint64_t window_ = unlimited;
    std::deque<Segment> segments_;
    std::deque<Probe> probes_;
};

}  // namespace

TEST_CASE("a peer that answers no pings is sent whatever there is") {
    CongestionWindow window;
    window.on_sent(1'000'000'000);
    CHECK(window.available() == unlimited);
    CHECK_FALSE(window.probe_is_due());
    CHECK_FALSE(window.next_deadline());
}

TEST_CASE("what is on its way comes to about twice what the path carries in a round trip") {
    struct Row {
        const char* name;
        double rate;  ///< bytes a second
        Duration round_trip;
    };
    for (const Row& row : {
             Row{"20 Mbit/s, 50 ms", 2.5e6, 50ms},
             Row{"1 Gbit/s, 100 ms", 125e6, 100ms},
             Row{"2 Mbit/s, 300 ms", 250e3, 300ms},
             Row{"1 Gbit/s, 2 ms", 125e6, 2ms},
         }) {
        CAPTURE(row.name);
        Path path{row.rate, row.round_trip};
        path.carry(20 * row.round_trip + 2s);
        path.carry(30s);
        CHECK(path.carried > 0.95 * row.rate);
        CHECK(path.carried < 1.05 * row.rate);
        const double product = row.rate * std::chrono::duration<double>(row.round_trip).count();
        CHECK(static_cast<double>(path.window.window()) <
              2.5 * product + 0.015 * row.rate + 65'536);
        CHECK(path.queue() < row.round_trip * 3 / 2 + 150ms);
        CHECK(path.window.round_trip() < row.round_trip * 2);
    }
}

TEST_CASE("a queue that a start leaves is gone within some round trips") {
    for (const Tcp tcp : {Tcp::fast, Tcp::slow_start}) {
        for (const double rate : {2.5e6, 12.5e6, 125e6, 500e6}) {
            for (const Duration round_trip : {100ms, 300ms}) {
                CAPTURE(tcp == Tcp::fast);
                CAPTURE(rate);
                CAPTURE(round_trip.count());
                Path path{rate, round_trip, tcp};
                Duration longest{};
                Duration long_for{};
                for (int i = 0; i < 5000; ++i) {
                    path.carry(1ms);
                    longest = std::max(longest, path.queue());
                    if (path.queue() > 2 * round_trip + 20ms) long_for += 1ms;
                }
                CHECK(longest < 3 * round_trip);
                CHECK(long_for < 4.5 * round_trip);
            }
        }
    }
}

TEST_CASE("a new TCP is given as much as it can send") {
    Path path{125e6, 100ms, Tcp::slow_start};
    path.carry(1100ms);
    // Ten segments, and twice as many in each round trip.
    CHECK(path.arrived() > 10'000'000);
}

TEST_CASE("a fast path is filled within some round trips") {
    Path path{500e6, 100ms};
    path.carry(700ms);
    path.carry(1s);
    CHECK(path.carried > 0.9 * 500e6);
}

TEST_CASE("a path that changes is followed") {
    Path path{2.5e6, 50ms};
    path.carry(10s);
    SUBCASE("to one that is faster") {
        path.become(25e6, 50ms);
        path.carry(2s);
        path.carry(5s);
        CHECK(path.carried > 0.9 * 25e6);
    }
    SUBCASE("to one that is slower") {
        path.become(250e3, 50ms);
        path.carry(60s);
        path.carry(60s);
        CHECK(path.carried > 0.9 * 250e3);
        CHECK(path.queue() < 500ms);
    }
    SUBCASE("to one that is longer, up to which the least round trip is measured anew") {
        path.become(2.5e6, 400ms);
        path.carry(60s);
        path.carry(30s);
        CHECK(path.carried > 0.9 * 2.5e6);
    }
}

TEST_CASE("a connection that has long been app-limited is not held to that rate") {
    Path path{25e6, 50ms};
    path.carry(5s);
    const std::size_t window = path.window.window();
    for (int i = 0; i < 500; ++i) {
        path.sends = i % 10 == 0;
        path.window.on_app_limited();
        path.carry(10ms);
        path.window.on_app_limited();
    }
    path.sends = true;
    CHECK(path.window.window() > window / 2);
}

TEST_CASE("nothing waits for the pong of a ping that was never sent, whatever moves the window") {
    for (std::uint32_t seed = 1; seed <= 50; ++seed) {
        CAPTURE(seed);
        std::mt19937 random{seed};
        Path path{1e5 * static_cast<double>(1 + random() % 10'000), (1 + random() % 200) * 1ms};
        for (int i = 0; i < 30; ++i) {
            path.window.set_interactive(random() % 2 == 0);
            path.sends = random() % 4 != 0;
            if (random() % 5 == 0) path.window.on_app_limited();
            path.carry((random() % 300) * 1ms);
        }
        path.sends = true;
        path.carry(5s);
        CHECK(path.carried > 0);
    }
}

TEST_CASE("beside interactive traffic nothing is in flight for programs that answer late") {
    Path path{1e9, 1ms};
    path.carry(1s);
    const std::size_t alone = path.window.window();
    path.window.set_interactive(true);
    CHECK(path.window.window() < alone / 2);
}

TEST_CASE("after a key exchange nothing is awaited any more") {
    CongestionWindow window;
    window.begin();
    window.on_sent(CongestionWindow::initial_window);
    REQUIRE(window.probe_is_due());
    window.probe(TimePoint{1h});
    CHECK(window.available() == 0);
    window.on_exchange_over();
    CHECK(window.available() == CongestionWindow::initial_window);
    window.on_pong(0, TimePoint{2h});  // late
    CHECK(window.round_trip() == Duration::zero());
    CHECK_FALSE(window.next_deadline());
}

TEST_CASE("what was sent behind our part of a key exchange has not arrived with the peer's") {
    CongestionWindow window;
    window.begin();
    window.on_sent(100'000);
    window.probe(TimePoint{1h});
    window.on_exchange_begun();
    window.on_exchange_begun();  // nothing may be sent: it is asked again and again
    window.on_sent(30'000);
    const std::uint64_t behind = window.probe(TimePoint{1h});
    window.on_exchange_over();
    CHECK(window.in_flight() == 30'000);
    window.on_pong(behind, TimePoint{1h} + 1ms);
    CHECK(window.in_flight() == 0);
}

TEST_CASE("a peer that has sent a pong once is held to its pongs, however late they are") {
    CongestionWindow window;
    window.begin();
    window.on_sent(CongestionWindow::initial_window);
    window.on_pong(window.probe(TimePoint{1h}), TimePoint{1h} + 100ms);
    window.on_sent(10'000'000);
    window.probe(TimePoint{1h} + 200ms);
    CHECK_FALSE(window.next_deadline());
    window.on_time(TimePoint{3h});
    CHECK(window.available() == 0);
}

TEST_CASE("a connection doesn't begin with a queue to be let run empty") {
    Path path{500e6, 100ms};
    path.carry(105ms);  // up to the first pong
    CHECK(path.window.window() > 2 * CongestionWindow::initial_window);
}

TEST_CASE("a peer that announced pings and doesn't answer them is sent everything after a while") {
    CongestionWindow window;
    window.begin();
    window.on_sent(CongestionWindow::initial_window);
    window.probe(TimePoint{1h});
    REQUIRE(window.next_deadline() == TimePoint{1h} + CongestionWindow::pong_time_limit);
    window.on_time(TimePoint{1h} + CongestionWindow::pong_time_limit - 1ns);
    CHECK(window.available() == 0);
    window.on_time(TimePoint{1h} + CongestionWindow::pong_time_limit);
    CHECK(window.available() == unlimited);
}
