#pragma once

#include <array>
#include <cstdint>
#include <random>
#include <system_error>

#include <asio/buffer.hpp>
#include <asio/error.hpp>

#include "common/net/on_io_context.hpp"
#include "tests/unit/allocations.hpp"
#include "tests/unit/common/session/talker.hpp"

namespace culvert::test {

/// A program whose connection is relayed: sends so many bytes, checks those that come, and ends as
/// it is told to. Its memory is the test's own.
class SimulatedProgram {
public:
    enum class End {
        finishes,       ///< when all is sent; closes once the other end has finished, too
        answers,        ///< as finishes, but sends only when the other end has finished
        resets,         ///< when all is sent; needs something that it leaves unread
        only_receives,  ///< never finishes, and closes once the other end has
    };
    struct Plan {
        std::uint64_t sends = 0;
        End end = End::finishes;
        unsigned sends_stream = 0;
        unsigned receives_stream = 0;
        Duration longest_pause{};
        std::uint32_t seed = 1;
    };

    SimulatedProgram(StreamSocket socket, const Plan& plan)
        : plan_{plan},
          socket_{std::move(socket)},
          random_{plan.seed},
          reading_{socket_.get_executor()},
          writing_{socket_.get_executor()} {
        if (plan_.end != End::resets) receive();
        if (plan_.end != End::answers) send();
    }
    SimulatedProgram(const SimulatedProgram&) = delete;
    SimulatedProgram& operator=(const SimulatedProgram&) = delete;

    std::uint64_t sent = 0;
    std::uint64_t received = 0;
    bool is_wrong = false;  ///< other bytes than were sent
    bool eof_received = false;
    bool failed = false;  ///< its socket has

private:
    void receive() {
        socket_.async_wait(StreamSocket::wait_read, [this](const std::error_code& failure) {
            const Sheltered sheltered;
            if (!failure) on_readable();
        });
    }
    void on_readable() {
        if (plan_.end == End::resets) return socket_.close();
        std::array<std::byte, 8192> bytes;
        std::error_code failure;
        const std::size_t most = bite(bytes.size());
        const std::size_t length = socket_.read_some(asio::buffer(bytes.data(), most), failure);
        for (std::size_t i = 0; i < length; ++i) {
            if (bytes[i] != byte_at(received++, plan_.receives_stream)) is_wrong = true;
        }
        if (failure == asio::error::eof) return on_eof();
        if (failure && failure != asio::error::would_block) return fail();
        pause(reading_, [this] { receive(); });
    }
    void on_eof() {
        eof_received = true;
        if (plan_.end == End::answers) send();
        if (finished_ || plan_.end == End::only_receives) socket_.close();
    }

    void send() {
        socket_.async_wait(StreamSocket::wait_write, [this](const std::error_code& failure) {
            const Sheltered sheltered;
            if (!failure) on_writable();
        });
    }
    void on_writable() {
        if (sent == plan_.sends) return on_all_sent();
        std::array<std::byte, 8192> bytes;
        const std::size_t most = bite(std::min<std::uint64_t>(bytes.size(), plan_.sends - sent));
        for (std::size_t i = 0; i < most; ++i) bytes[i] = byte_at(sent + i, plan_.sends_stream);
        std::error_code failure;
        sent += socket_.write_some(asio::buffer(bytes.data(), most), failure);
        if (failure && failure != asio::error::would_block) return fail();
        pause(writing_, [this] { send(); });
    }
    void on_all_sent() {
        if (plan_.end == End::resets) return receive();
        if (plan_.end == End::only_receives) return;
        std::error_code ignored;
        socket_.shutdown(StreamSocket::shutdown_send, ignored);
        finished_ = true;
        if (eof_received) socket_.close();
    }
    void fail() {
        failed = true;
        socket_.close();
    }

    std::size_t bite(std::size_t most) {
        return plan_.longest_pause == Duration::zero() ? most : 1 + random_() % most;
    }
    template <class Next>
    void pause(Timer& timer, Next next) {
        if (plan_.longest_pause == Duration::zero()) return next();
        timer.expires_after(plan_.longest_pause * (random_() % 100) / 99);
        timer.async_wait([this, next](const std::error_code& cancelled) {
            const Sheltered sheltered;
            if (!cancelled && socket_.is_open()) next();
        });
    }

    Plan plan_;
    StreamSocket socket_;
    std::mt19937 random_;
    Timer reading_;
    Timer writing_;
    bool finished_ = false;
};

}  // namespace culvert::test
