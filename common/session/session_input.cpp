#include "common/session/session.hpp"

#include <utility>

#include <fmt/format.h>
#include <asio/buffer.hpp>
#include <asio/post.hpp>

#include "common/base/escape.hpp"
#include "common/net/both.hpp"
#include "common/net/tcp_options.hpp"
#include "common/net/timeout.hpp"
#include "common/session/socket_failure.hpp"
#include "common/transport/try_later.hpp"

namespace culvert {
namespace {

// One connection may keep its thread for this many large receives at a time.
constexpr int receives_a_turn = 4;
// A key that signs later than this is asked about meanwhile: the server waits longer for one that
// it takes (culvertd 120 s instead of 30 s).
constexpr Duration slow_signature = std::chrono::seconds{1};

void drop_front(std::vector<Bytes>& pieces, std::size_t length) {
    auto piece = pieces.begin();
    for (; piece != pieces.end() && length >= piece->size(); ++piece) length -= piece->size();
    pieces.erase(pieces.begin(), piece);
    if (length > 0) pieces.front() = pieces.front().subspan(length);
}

}  // namespace

awaitable<void> Session::read_loop() {
    for (;;) {
        co_await socket_.async_wait(TcpSocket::wait_read, use_awaitable);
        for (int i = 0; i < receives_a_turn; ++i) {
            const bool company = engine_.has_company(last_received_);
            const MutableBytes space =
                engine_.receive_space(company ? Company::batch : batch_share_.bytes());
            std::error_code failure;
            const std::size_t length =
                socket_.receive(asio::buffer(space.data(), space.size()), 0, failure);
            if (failure == asio::error::would_block) break;
            if (failure == asio::error::eof) engine_.on_peer_gone(Engine::Gone::closed);
            if (failure == asio::error::connection_reset) {
                engine_.on_peer_gone(Engine::Gone::reset);
            }
            if (failure) throw lost(failure);
            last_received_ = Clock::now();
            note_activity(last_received_);
            engine_.received(length, last_received_);
            co_await dispatch();
            const bool took_all = length < space.size();
            if (took_all) acknowledge();
            if (took_all || company) break;
        }
    }
}

/// OpenSSH leaves Nagle's algorithm on for forwards; no culvert does.
void Session::acknowledge() noexcept {
    if (!engine_.peer_is_culvert()) acknowledge_now(socket_);
}

awaitable<void> Session::dispatch() {
    dispatching_ = true;
    for (;;) {
        auto event = engine_.poll(last_received_);
        const auto* of_channel = event ? std::get_if<ConnectionEvent>(&*event) : nullptr;
        if (of_channel != nullptr) on_connection_event(*of_channel);
        const bool run_is_over =
            of_channel == nullptr || engine_.views_are_transient() || run_.size() == longest_run;
        if (run_is_over && !offer_run()) co_await wait_for_reader();
        if (!event) break;
        if (of_channel != nullptr) continue;
        dispatching_ = false;
        co_await on_event(std::move(*event));
        dispatching_ = true;
    }
    dispatching_ = false;
    announce_irregularities();
    announce_ready();
    announce_no_channels();
    pump();
}

awaitable<void> Session::on_event(EngineEvent event) {
    if (auto* offered = std::get_if<HostKeyOffered>(&event)) {
        co_await owner_.check_host_key(std::move(offered->key));
        engine_.accept_host_key(Clock::now());
    } else if (auto* wanted = std::get_if<SignatureWanted>(&event)) {
        co_await sign(std::move(*wanted));
    } else if (auto* shown = std::get_if<KeyShown>(&event)) {
        if (co_await owner_.allows(std::move(*shown))) {
            engine_.accept_key(Clock::now());
        } else {
            engine_.refuse_key();
        }
    } else if (const auto* authenticated = std::get_if<Authenticated>(&event)) {
        owner_.on_authenticated(*authenticated);
    } else if (const auto* banner = std::get_if<BannerReceived>(&event)) {
        owner_.on_banner(*banner);
    } else if (std::holds_alternative<Rekeyed>(event)) {
        owner_.on_rekeyed();
    } else if (std::holds_alternative<TurnOver>(event)) {
        co_await asio::post(use_awaitable);
    } else if (const auto* ended = std::get_if<PeerDisconnected>(&event)) {
        std::string text = with_peer_text("the peer ended the connection", ended->description);
        const auto by_application = static_cast<std::uint32_t>(DisconnectReason::by_application);
        // One that shuts down, or can't decide for now, has not refused the keys that it was shown.
        dismissed_ = ended->reason != by_application;
        told_to_try_later_ =
            ended->reason == static_cast<std::uint32_t>(DisconnectReason::too_many_connections) ||
            says_try_later(ended->description);
        if (dismissed_) text += fmt::format(" (reason {})", ended->reason);
        throw Error{ErrorKind::network, text};
    }
}

/// An agent may ask its user, who takes his time.
awaitable<void> Session::sign(SignatureWanted wanted) {
    std::optional<ByteVector> signature;
    Event is_over;
    co_await both(ask_owner(std::move(wanted), signature, is_over), ask_while_signing(is_over));
    if (signature) {
        engine_.provide_signature(*signature, Clock::now());
    } else {
        engine_.decline_signature(Clock::now());
    }
}

awaitable<void> Session::ask_owner(SignatureWanted wanted, std::optional<ByteVector>& signature,
                                   Event& is_over) {
    signature = co_await owner_.sign(std::move(wanted));
    is_over.set();
}

awaitable<void> Session::ask_while_signing(Event& is_over) {
    const bool is_quick = co_await with_timeout(is_over.wait(), slow_signature);
    if (is_quick) co_return;
    engine_.ask_while_signing();
    pump();
    co_await is_over.wait();
}

void Session::announce_ready() {
    if (announced_ready_ || !ready()) return;
    announced_ready_ = true;
    owner_.on_ready();
}

void Session::announce_no_channels() {
    const bool has_channels = engine_.channels() > 0;
    if (std::exchange(had_channels_, has_channels) && !has_channels) owner_.on_no_channels();
}

void Session::announce_irregularities() {
    while (const auto kind = engine_.take_irregularity()) owner_.on_irregularity(*kind);
}

void Session::on_connection_event(const ConnectionEvent& event) {
    if (const auto* data = std::get_if<ChannelDataReceived>(&event)) return on_data(*data);
    if (const auto* closed = std::get_if<ChannelClosed>(&event)) return on_closed(*closed);
    if (const auto* eof = std::get_if<ChannelEofReceived>(&event)) {
        deliver_run();
        // The data ahead of it may just have shown the stream that its own end is gone.
        if (is_attached(eof->channel)) stream(eof->channel).on_eof();
    } else if (const auto* opened = std::get_if<ChannelOpened>(&event)) {
        stream(opened->channel).on_opened();
    } else if (const auto* refused = std::get_if<ChannelRefused>(&event)) {
        detach(refused->channel).on_refused(refused->failure);
    } else if (const auto* requested = std::get_if<ChannelRequested>(&event)) {
        owner_.on_channel_requested(*requested);
    } else if (const auto* denied = std::get_if<RequestDenied>(&event)) {
        owner_.on_denied(*denied);
    }
}

void Session::on_data(const ChannelDataReceived& data) {
    if (data.channel != run_channel_) {
        deliver_run();
        patience_.on_others(run_at_);
        run_channel_ = data.channel;
    }
    run_at_ = last_received_;
    run_.push_back(data.data);
}

void Session::on_closed(const ChannelClosed& closed) {
    // Taken off before it is handed what came ahead of the CLOSE: its channel is gone.
    const bool has_tail = !run_.empty() && run_channel_ == closed.channel;
    if (!has_tail) deliver_run();
    Stream& stream = detach(closed.channel);
    if (has_tail) stream.write(run_);
    if (has_tail) run_.clear();
    stream.on_closed(closed.end);
}

void Session::deliver_run() noexcept {
    if (run_.empty()) return;
    // The stream may have been reset since by its own end; then nobody wants the data.
    if (is_attached(run_channel_)) stream(run_channel_).write(run_);
    run_.clear();
}

/// False if the stream is to be waited for: what it hasn't taken stays where it was received.
bool Session::offer_run() noexcept {
    if (run_.empty()) return true;
    if (patience_.left(last_received_, Clock::now()) == Duration::zero()) {
        deliver_run();
        return true;
    }
    reader_ready_.reset();
    if (is_attached(run_channel_)) drop_front(run_, stream(run_channel_).try_write(run_));
    if (!is_attached(run_channel_)) run_.clear();
    return run_.empty();
}

/// Meanwhile everything but receiving goes on.
awaitable<void> Session::wait_for_reader() {
    dispatching_ = false;
    pump();
    acknowledge();
    do {
        const TimePoint from = Clock::now();
        co_await with_timeout(reader_ready_.wait(), patience_.left(last_received_, from));
        patience_.on_waited(Clock::now() - from);
    } while (!offer_run());
    dispatching_ = true;
}

void Session::set_writable(ChannelId channel) noexcept {
    if (channel == run_channel_) reader_ready_.set();
}

}  // namespace culvert
