#include "common/forward/inbound.hpp"

#include <atomic>
#include <utility>

namespace culvert {
namespace {

ForwardId next_forward() noexcept {
    static std::atomic<std::uint64_t> last{0};
    return ForwardId{last.fetch_add(1, std::memory_order_relaxed) + 1};
}

}  // namespace

Inbound::Inbound(IoExecutor executor, Forward what, InboundOwner& owner)
    : id_{next_forward()},
      forward_{std::move(what)},
      owner_{owner},
      accepting_{std::move(executor), [this](const std::exception_ptr& why) {
                     // A port behind which nothing accepts is closed.
                     close();
                     owner_.on_failed(*this, why);
                 }} {}

std::vector<asio::ip::tcp::endpoint> Inbound::bound() const {
    if (!listener_) return {};
    return listener_->bound();
}

void Inbound::listen(std::shared_ptr<Listener> listener) {
    accepting_.spawn(accept(listener));
    listener_ = std::move(listener);
}

// The listener is shared: it may be given away ahead of the end of this run.
awaitable<void> Inbound::accept(std::shared_ptr<Listener> listener) {
    co_await listener->run(events());
}

Listener::Events Inbound::events() {
    return {.on_accept =
                [this](Accepted accepted) {
                    ++connected_;
                    owner_.on_connected(*this, std::move(accepted));
                },
            .on_exhausted = [this](std::error_code why) { owner_.on_exhausted(why); },
            .on_recovered = [this](std::size_t failures) { owner_.on_recovered(failures); }};
}

void Inbound::close() noexcept {
    if (!listener_) return;
    listener_->close();
    listener_.reset();
    accepting_.cancel();
}

void Inbound::accept_rest_and_close() {
    if (!listener_) return;
    listener_->accept_rest(events());
    close();
}

std::shared_ptr<Listener> Inbound::release() noexcept {
    accepting_.cancel();
    return std::exchange(listener_, nullptr);
}

awaitable<void> Inbound::join() {
    close();
    return accepting_.join();
}

}  // namespace culvert
