#include "common/session/session.hpp"

#include <algorithm>
#include <utility>

#include <asio/buffer.hpp>
#include <asio/post.hpp>
#include <asio/redirect_error.hpp>

#include "common/net/tcp_options.hpp"
#include "common/session/socket_failure.hpp"

namespace culvert {
namespace {

// One connection may keep its thread for this many large sends at a time.
constexpr int sends_a_turn = 4;

}  // namespace

void Session::pump() noexcept {
    // After a failure nothing may follow what was perhaps lost: no EOF, and not the next bytes.
    if (pumping_ || dispatching_ || failure_ || ended_ || sends_no_more_) return;
    pumping_ = true;
    try {
        for (int i = 0;; ++i) {
            const TimePoint when = Clock::now();
            const bool company = engine_.has_company(when);
            const std::size_t target =
                std::min(output_target_.bytes(), company ? Company::batch : batch_share_.bytes());
            follow_output_target(target);
            fill_output(target, when);
            if (engine_.unsent().empty()) {
                output_target_.on_drained();
                break;
            }
            note_activity(when);
            const bool is_full = engine_.unsent().size() >= target;
            // The kernel takes no more for now, or others have waited long enough.
            if (!send_output() || (is_full && company) || i == sends_a_turn) {
                wait_writable();
                break;
            }
            if (sends_no_more_) break;
        }
        rearm_timer();
    } catch (...) {
        fail(std::current_exception());
    }
    pumping_ = false;
}

/// When those who came in one batch have all been heard: their channels are asked for in one send.
void Session::pump_soon() {
    if (pumps_soon_) return;
    pumped_.reset();
    asio::post(socket_.get_executor(), [this] {
        pumps_soon_ = false;
        pumped_.set();
        pump();
    });
    pumps_soon_ = true;
}

void Session::fill_output(std::size_t target, TimePoint when) {
    if (!waits_writable_) engine_.on_output_taken(when);
    while (engine_.unsent().size() < target) {
        const auto slots = engine_.next_slots(target - engine_.unsent().size(), when);
        if (!slots) break;
        take_turn(*slots);
    }
}

void Session::take_turn(const Engine::SendSlots& slots) {
    Stream& sender = stream(slots.channel);
    const StreamRead read = sender.read(slots.space);
    engine_.commit(read.bytes, read.then == StreamRead::Then::more);
    if (read.then == StreamRead::Then::eof || read.then == StreamRead::Then::closed) {
        engine_.send_eof(slots.channel);
    }
    if (read.then == StreamRead::Then::closed) close(slots.channel);
    if (read.then == StreamRead::Then::failed) reset(slots.channel);
}

/// True if the kernel took everything, or never will any more.
bool Session::send_output() {
    while (!engine_.unsent().empty()) {
        if (waits_writable_) return false;
        const Bytes unsent = engine_.unsent();
        std::error_code failure;
        const std::size_t length =
            socket_.send(asio::buffer(unsent.data(), unsent.size()), 0, failure);
        if (failure == asio::error::would_block) {
            output_target_.on_blocked(Clock::now());
            engine_.on_output_blocked(Clock::now());
            return false;
        }
        if (failure) {
            sends_no_more_ = true;
            // Why the peer closed stands in what it sent before: the read loop finds that, or the
            // connection's end.
            if (ended_ || is_of_peer(failure)) return true;
            throw lost(failure);
        }
        engine_.sent(length);
        output_target_.on_sent(length);
    }
    return true;
}

/// Tells the kernel when the target has moved far enough to be worth a system call.
void Session::follow_output_target(std::size_t target) {
    if (target < 2 * unsent_limit_ && unsent_limit_ < 2 * target) return;
    unsent_limit_ = target;
    (void)set_unsent_limit(socket_, target);
}

void Session::wait_writable() {
    if (waits_writable_) return;
    writable_wait_over_.reset();
    socket_.async_wait(TcpSocket::wait_write, [this](const std::error_code&) {
        waits_writable_ = false;
        writable_wait_over_.set();
        pump();
    });
    waits_writable_ = true;
}

awaitable<void> Session::flush_output() {
    while (!send_output()) {
        std::error_code ignored;
        co_await socket_.async_wait(TcpSocket::wait_write,
                                    asio::redirect_error(use_awaitable, ignored));
    }
}

}  // namespace culvert
