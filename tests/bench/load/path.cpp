#include "tests/bench/load/path.hpp"

#include <fmt/core.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#include <atomic>
#include <condition_variable>
#include <cstdio>
#include <deque>
#include <iostream>
#include <mutex>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "tests/bench/load/stream.hpp"

namespace load {

namespace {

// A rate is kept packet by packet, as Ethernet's: 1,500 bytes less 52 of headers.
constexpr std::size_t packet_size = 1448;
constexpr std::size_t unlimited_size = 1 << 18;

/// One direction of the path, shared by all connections.
class Link {
public:
    explicit Link(const Path& path) : path_{path} {}

    /// When bytes that come in now have come out at the other end.
    Clock::time_point delivery(std::size_t bytes) {
        carried_ += bytes;
        const auto now = Clock::now();
        if (path_.megabits == 0) return now + path_.delay;
        const std::scoped_lock lock{mutex_};
        const std::chrono::duration<double, std::micro> takes{8.0 * static_cast<double>(bytes) /
                                                              path_.megabits};
        free_at_ = std::max(free_at_, now) + std::chrono::duration_cast<Clock::duration>(takes);
        return free_at_ + path_.delay;
    }

    std::size_t piece() const { return path_.megabits == 0 ? unlimited_size : packet_size; }
    std::uint64_t carried() const { return carried_; }

private:
    Path path_;
    std::mutex mutex_;
    Clock::time_point free_at_{};
    std::atomic<std::uint64_t> carried_ = 0;
};

struct Piece {
    Clock::time_point due;
    std::vector<std::byte> bytes;  // none: EOF
};

/// What one connection has under way in one direction.
class DelayLine {
public:
    void put(Piece piece) {
        {
            const std::scoped_lock lock{mutex_};
            pieces_.push_back(std::move(piece));
        }
        changed_.notify_one();
    }

    /// The next piece, once it is due.
    Piece take() {
        std::unique_lock lock{mutex_};
        changed_.wait(lock, [this] { return !pieces_.empty(); });
        Piece piece = std::move(pieces_.front());
        pieces_.pop_front();
        lock.unlock();
        std::this_thread::sleep_until(piece.due);
        return piece;
    }

    /// Memory that has been used before costs no page faults.
    std::vector<std::byte> memory(std::size_t size) {
        std::vector<std::byte> bytes;
        {
            const std::scoped_lock lock{mutex_};
            if (!unused_.empty()) {
                bytes = std::move(unused_.back());
                unused_.pop_back();
            }
        }
        bytes.resize(size);
        return bytes;
    }

    void give_back(std::vector<std::byte> bytes) {
        const std::scoped_lock lock{mutex_};
        unused_.push_back(std::move(bytes));
    }

private:
    std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<Piece> pieces_;
    std::vector<std::vector<std::byte>> unused_;
};

void take_in(Stream& from, Link& link, DelayLine& line) {
    try {
        for (;;) {
            auto bytes = line.memory(link.piece());
            bytes.resize(from.receive_some(bytes));
            if (bytes.empty()) break;
            const auto due = link.delivery(bytes.size());
            line.put({due, std::move(bytes)});
        }
    } catch (const std::system_error&) {
        // A reset comes out as an EOF.
    }
    line.put({link.delivery(0), {}});
}

void let_out(Stream& from, DelayLine& line, Stream& to) {
    ::prctl(PR_SET_TIMERSLACK, 1);  // sleeps end when they should, not up to 50 us later
    try {
        for (;;) {
            Piece piece = line.take();
            if (piece.bytes.empty()) break;
            to.send(piece.bytes);
            line.give_back(std::move(piece.bytes));
        }
        to.send_eof();
    } catch (const std::system_error&) {
        from.interrupt();  // nobody is there to take what comes
    }
}

void carry(Stream client, std::uint16_t to, Link& up, Link& down) {
    try {
        Stream server = Stream::connect(to);
        DelayLine to_server;
        DelayLine to_client;
        const std::jthread first{take_in, std::ref(client), std::ref(up), std::ref(to_server)};
        const std::jthread second{let_out, std::ref(client), std::ref(to_server), std::ref(server)};
        const std::jthread third{take_in, std::ref(server), std::ref(down), std::ref(to_client)};
        let_out(server, to_client, client);
    } catch (const std::system_error& error) {
        fmt::print(stderr, "culvert_load: path: {}\n", error.what());
    }
}

}  // namespace

void run_path(const Path& path, std::uint16_t to) {
    static Link up{path};
    static Link down{path};
    const auto [listener, port] = Stream::listen();
    std::thread{[listener = listener, to] {
        for (;;) {
            const int descriptor = ::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
            if (descriptor < 0) continue;
            std::thread{carry, Stream{descriptor}, to, std::ref(up), std::ref(down)}.detach();
        }
    }}.detach();
    fmt::print("{{\"port\": {}}}\n", port);
    std::fflush(stdout);
    for (std::string line; std::getline(std::cin, line);) {
        fmt::print("{{\"up\": {}, \"down\": {}}}\n", up.carried(), down.carried());
        std::fflush(stdout);
    }
}

}  // namespace load
