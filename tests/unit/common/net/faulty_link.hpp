#pragma once

#include <sys/socket.h>

#include <array>
#include <cstdint>
#include <deque>
#include <optional>
#include <random>
#include <string>
#include <system_error>
#include <utility>

#include <doctest/doctest.h>
#include <asio/buffer.hpp>
#include <asio/error.hpp>
#include <asio/generic/stream_protocol.hpp>

#include "common/net/on_io_context.hpp"
#include "tests/unit/allocations.hpp"

namespace culvert::test {

/// Two ends of a stream that needs no network.
inline std::array<StreamSocket, 2> stream_pair(asio::io_context& context, int send_buffer = 0) {
    std::array<int, 2> ends{};
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends.data()) == 0);
    const auto made = [&](int end) {
        StreamSocket socket{context, asio::generic::stream_protocol{AF_UNIX, 0}, end};
        socket.non_blocking(true);
        if (send_buffer > 0) socket.set_option(StreamSocket::send_buffer_size{send_buffer});
        return socket;
    };
    return {made(ends[0]), made(ends[1])};
}

/// How a link treats what it carries. All of it comes from the seed.
struct LinkFaults {
    std::uint32_t seed = 1;
    std::size_t largest_piece = 64 * 1024;  ///< it carries as much as this at a time, or less
    Duration longest_delay{};               ///< of a piece
    int send_buffer = 0;                    ///< of each end, in bytes; 0: the system's
};

/// A connection that breaks once so many bytes have gone one way.
struct LinkCut {
    enum class How {
        closed,  ///< at once: the ends see its end, or a reset where something is unread
        reset,   ///< what an end sends next is answered with a reset
        silent,  ///< nothing is carried any more
    };
    std::size_t lane = 0;  ///< 0: from the first end to the second; 1: back
    std::uint64_t after = 0;
    How how = How::closed;
};

inline const char* name_of(LinkCut::How how) {
    switch (how) {
        case LinkCut::How::closed:
            return "closed";
        case LinkCut::How::reset:
            return "reset";
        case LinkCut::How::silent:
            return "silent";
    }
    return "";
}

/// Joins two streams, and chops, delays and cuts what they say to each other. Its memory is the
/// test's own (Sheltered).
class FaultyLink {
public:
    FaultyLink(asio::io_context& context, const LinkFaults& faults, std::optional<LinkCut> cut = {})
        : faults_{faults}, cut_{cut}, random_{faults.seed} {
        for (std::size_t i = 0; i < 2; ++i) {
            auto [outer, inner] = stream_pair(context, faults.send_buffer);
            ends_[i].emplace(std::move(outer));
            inner_[i].emplace(std::move(inner));
        }
        for (std::size_t i = 0; i < 2; ++i) {
            lanes_[i].emplace(*this, i);
            lanes_[i]->receive();
        }
        check_cut(0);
        check_cut(1);
    }
    FaultyLink(const FaultyLink&) = delete;
    FaultyLink& operator=(const FaultyLink&) = delete;

    /// 0 or 1, once each.
    StreamSocket take_end(std::size_t end) {
        StreamSocket taken = std::move(*ends_[end]);
        ends_[end].reset();
        return taken;
    }
    std::uint64_t carried(std::size_t lane) const { return lanes_[lane]->carried; }
    bool is_cut() const noexcept { return is_cut_; }

private:
    struct Piece {
        std::string data;  ///< empty: the sender has finished
        TimePoint due;
    };

    /// One way.
    struct Lane {
        Lane(FaultyLink& whole, std::size_t number)
            : link{whole},
              from{*whole.inner_[number]},
              to{*whole.inner_[1 - number]},
              index{number},
              timer{from.get_executor()} {}

        // What a real path has room for, so that a sender that is faster is made to wait.
        static constexpr std::size_t most_on_the_way = 256 * 1024;

        void receive() {
            if (receiving || ended || on_the_way_bytes >= most_on_the_way) return;
            receiving = true;
            from.async_wait(StreamSocket::wait_read, [this](const std::error_code& failure) {
                const Sheltered sheltered;
                receiving = false;
                if (!failure && !link.is_cut_) on_readable();
            });
        }

        void on_readable() {
            std::string data(link.any_up_to(link.faults_.largest_piece), '\0');
            std::error_code failure;
            const std::size_t length = from.read_some(asio::buffer(data), failure);
            if (failure == asio::error::would_block) return receive();
            data.resize(failure ? 0 : length);
            ended = bool{failure};
            on_the_way_bytes += data.size();
            const TimePoint last = on_the_way.empty() ? TimePoint{} : on_the_way.back().due;
            const TimePoint due = Clock::now() + link.any_delay();
            on_the_way.push_back({std::move(data), std::max(last, due)});
            deliver();
            receive();
        }

        void deliver() {
            while (!on_the_way.empty() && !waiting && !link.is_cut_) {
                Piece& next = on_the_way.front();
                if (next.due > Clock::now()) return wait_until(next.due);
                if (next.data.empty()) {
                    std::error_code ignored;
                    to.shutdown(StreamSocket::shutdown_send, ignored);
                    on_the_way.pop_front();
                    continue;
                }
                std::error_code failure;
                const std::size_t most = link.most_before_cut(index, next.data.size());
                const std::size_t length = to.write_some(asio::buffer(next.data, most), failure);
                if (failure == asio::error::would_block) return wait_for_room();
                // A receiver that is gone takes everything.
                const std::size_t taken = failure ? next.data.size() : length;
                next.data.erase(0, taken);
                on_the_way_bytes -= taken;
                if (next.data.empty()) on_the_way.pop_front();
                carried += length;
                if (length > 0) link.check_cut(index);
            }
            if (!link.is_cut_) receive();
        }

        void wait_until(TimePoint due) {
            waiting = true;
            timer.expires_at(due);
            timer.async_wait([this](const std::error_code&) { go_on(); });
        }
        void wait_for_room() {
            waiting = true;
            to.async_wait(StreamSocket::wait_write, [this](const std::error_code&) { go_on(); });
        }
        void go_on() {
            const Sheltered sheltered;
            waiting = false;
            deliver();
        }

        FaultyLink& link;
        StreamSocket& from;
        StreamSocket& to;
        std::size_t index;
        Timer timer;
        std::deque<Piece> on_the_way;
        std::size_t on_the_way_bytes = 0;
        std::uint64_t carried = 0;
        bool receiving = false;
        bool waiting = false;
        bool ended = false;  ///< the sender has finished
    };

    std::size_t any_up_to(std::size_t most) { return 1 + random_() % most; }
    Duration any_delay() {
        if (faults_.longest_delay == Duration::zero()) return {};
        return faults_.longest_delay * (random_() % 1000) / 999;
    }

    std::size_t most_before_cut(std::size_t lane, std::size_t size) const {
        if (!cut_ || cut_->lane != lane) return size;
        return std::min<std::uint64_t>(size, cut_->after - lanes_[lane]->carried);
    }
    void check_cut(std::size_t lane) {
        if (is_cut_ || !cut_ || cut_->lane != lane || lanes_[lane]->carried < cut_->after) return;
        is_cut_ = true;
        for (std::size_t i = 0; i < 2; ++i) {
            std::error_code ignored;
            inner_[i]->cancel(ignored);
            lanes_[i]->timer.cancel();
            if (cut_->how == LinkCut::How::closed) inner_[i]->close(ignored);
            if (cut_->how == LinkCut::How::reset) reset_when_used(*inner_[i]);
        }
    }
    /// A stream that is closed with something unread in it is reset.
    static void reset_when_used(StreamSocket& socket) {
        socket.async_wait(StreamSocket::wait_read, [&socket](const std::error_code& failure) {
            if (!failure) socket.close();
        });
    }

    LinkFaults faults_;
    std::optional<LinkCut> cut_;
    bool is_cut_ = false;
    std::mt19937 random_;
    std::array<std::optional<StreamSocket>, 2> ends_;
    std::array<std::optional<StreamSocket>, 2> inner_;
    std::array<std::optional<Lane>, 2> lanes_;
};

}  // namespace culvert::test
