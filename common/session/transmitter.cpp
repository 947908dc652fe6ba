#include "common/session/transmitter.hpp"

#include <algorithm>
#include <cassert>

#include <asio/buffer.hpp>
#include <asio/post.hpp>
#include <asio/redirect_error.hpp>

#include "common/net/tcp_options.hpp"
#include "common/session/socket_failure.hpp"

namespace culvert {
Transmitter::Transmitter(StreamSocket& socket, Engine& engine, CarrierOwner& owner)
    : socket_{socket}, engine_{engine}, owner_{owner} {
    writable_.set();
    pumped_.set();
    follow_batch(engine.send_policy().send_backlog().bytes());
}

Transmitter::~Transmitter() { assert(writable_.is_set() && pumped_.is_set()); }

void Transmitter::cork() noexcept {
    if (filling_ == Filling::allowed) filling_ = Filling::corked;
}

void Transmitter::uncork() noexcept {
    if (filling_ == Filling::corked) filling_ = Filling::allowed;
}

void Transmitter::pump() noexcept {
    if (filling_ != Filling::allowed) return;
    filling_ = Filling::under_way;
    try {
        if (state_ != Socket::is_dead) fill_and_send();
    } catch (...) {
        owner_.on_failed(std::current_exception());
    }
    if (filling_ == Filling::under_way) filling_ = Filling::allowed;
    owner_.on_pumped();
}

void Transmitter::pump_soon() {
    if (!pumped_.is_set()) return;
    pumped_.reset();
    try {
        asio::post(socket_.get_executor(), [this] {
            pumped_.set();
            pump();
        });
    } catch (...) {
        pumped_.set();
        throw;
    }
}

void Transmitter::fill_and_send() {
    for (int i = 0;; ++i) {
        const TimePoint now = Clock::now();
        const SendPolicy::Batch batch = engine_.send_policy().send_batch(now);
        follow_batch(batch.bytes);
        fill(batch.bytes, now);
        if (engine_.unsent().empty()) return engine_.send_policy().send_backlog().on_emptied();
        owner_.on_activity(now);
        const bool is_full = engine_.unsent().size() >= batch.bytes;
        // The kernel takes no more for now, or others have waited long enough.
        if (!send() || (is_full && batch.is_single) || i == limits::io::batches) {
            return wait_until_writable();
        }
        if (state_ == Socket::is_dead) return;
    }
}

void Transmitter::fill(std::size_t batch, TimePoint now) {
    if (state_ != Socket::is_full) engine_.on_output_taken(now);
    // A user that is asked may end the session.
    while (filling_ == Filling::under_way && engine_.unsent().size() < batch) {
        if (!engine_.send_turn(batch - engine_.unsent().size(), now)) break;
    }
}

/// True if the kernel took everything, or never will any more.
bool Transmitter::send() {
    while (!engine_.unsent().empty()) {
        if (state_ == Socket::is_full) return false;
        const Bytes unsent = engine_.unsent();
        std::error_code failure;
        const std::size_t length =
            socket_.send(asio::buffer(unsent.data(), unsent.size()), 0, failure);
        if (failure == asio::error::would_block) {
            engine_.send_policy().send_backlog().on_blocked(Clock::now());
            engine_.on_output_blocked(Clock::now());
            return false;
        }
        if (failure) {
            state_ = Socket::is_dead;
            // Why the peer closed stands in what it sent before: the receiver finds that, or the
            // connection's end.
            if (filling_ == Filling::stopped || is_of_peer(failure)) return true;
            throw lost(failure);
        }
        engine_.sent(length);
        engine_.send_policy().send_backlog().on_sent(length);
    }
    return true;
}

void Transmitter::follow_batch(std::size_t bytes) {
    const auto limit = engine_.send_policy().unsent_limit(bytes);
    if (limit) (void)set_unsent_limit(socket_.native_handle(), *limit);
}

void Transmitter::wait_until_writable() {
    if (state_ != Socket::takes) return;
    socket_.async_wait(StreamSocket::wait_write, [this](const std::error_code&) {
        if (state_ == Socket::is_full) state_ = Socket::takes;
        writable_.set();
        pump();
    });
    state_ = Socket::is_full;
    writable_.reset();
}

awaitable<void> Transmitter::flush() {
    while (!send()) {
        std::error_code ignored;
        co_await socket_.async_wait(StreamSocket::wait_write,
                                    asio::redirect_error(use_awaitable, ignored));
    }
}

awaitable<void> Transmitter::settle() {
    if (!writable_.is_set()) co_await writable_.wait();
    if (!pumped_.is_set()) co_await pumped_.wait();
}

}  // namespace culvert
