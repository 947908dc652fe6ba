#include "common/session/receiver.hpp"

#include <utility>

#include <asio/buffer.hpp>

#include "common/net/tcp_options.hpp"
#include "common/net/timeout.hpp"
#include "common/session/socket_failure.hpp"

namespace culvert {

awaitable<void> Receiver::run() {
    for (;;) {
        co_await socket_.async_wait(StreamSocket::wait_read, use_awaitable);
        for (int i = 0; i < limits::io::batches; ++i) {
            const SendPolicy::Batch batch = engine_.send_policy().receive_batch(received_at_);
            const MutableBytes space = engine_.receive_space(batch.bytes);
            std::error_code failure;
            const std::size_t length =
                socket_.receive(asio::buffer(space.data(), space.size()), 0, failure);
            if (failure == asio::error::would_block) break;
            if (failure == asio::error::eof) throw engine_.peer_gone(Gone::closed);
            if (failure == asio::error::connection_reset) throw engine_.peer_gone(Gone::reset);
            if (failure) throw lost(failure);
            received_at_ = Clock::now();
            owner_.on_activity(received_at_);
            engine_.received(length, received_at_);
            co_await dispatch();
            const bool took_all = length < space.size();
            if (took_all) acknowledge();
            if (took_all || batch.is_single) break;
        }
    }
}

/// OpenSSH leaves Nagle's algorithm on for forwards; no culvert does.
void Receiver::acknowledge() noexcept {
    if (!engine_.peer_is_culvert()) acknowledge_now(socket_.native_handle());
}

awaitable<void> Receiver::dispatch() {
    transmitter_.cork();
    for (;;) {
        auto event = engine_.poll(received_at_);
        if (!offer()) co_await wait_for_reader();
        if (!event) break;
        if (std::holds_alternative<InboxFull>(*event)) continue;
        if (owner_.on_connection_event(*event)) continue;
        transmitter_.uncork();
        co_await owner_.on_event(std::move(*event));
        transmitter_.cork();
    }
    transmitter_.uncork();
    owner_.on_all_handled();
    transmitter_.pump();
}

/// False if the user of what is in the inbox is to be waited for.
bool Receiver::offer() {
    if (engine_.inbox().empty()) return true;
    reader_ready_.reset();
    return engine_.offer(Clock::now());
}

/// What the user hasn't taken stays where it was received. Meanwhile all but receiving goes on.
awaitable<void> Receiver::wait_for_reader() {
    transmitter_.uncork();
    transmitter_.pump();
    acknowledge();
    do {
        const TimePoint from = Clock::now();
        co_await with_timeout(reader_ready_.wait(), engine_.inbox().time_left(from));
        engine_.on_waited(Clock::now() - from);
    } while (!offer());
    transmitter_.cork();
}

}  // namespace culvert
