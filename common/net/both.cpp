#include "common/net/both.hpp"

#include <array>
#include <memory>
#include <new>
#include <optional>
#include <utility>

#include <asio/bind_cancellation_slot.hpp>
#include <asio/cancellation_signal.hpp>
#include <asio/co_spawn.hpp>

#include "common/net/resume.hpp"

namespace culvert {
namespace {

using Caller = Suspended<std::exception_ptr>;

/// Held by the completion of each half; the second one hands it back.
class Pair {
public:
    static void run(Caller caller, const std::shared_ptr<Pair>& pair, awaitable<void> first,
                    awaitable<void> second) noexcept {
        const auto executor = caller.get_executor();
        auto slot = caller.cancellation_slot();
        pair->caller_.emplace(std::move(caller));
        try {
            if (slot.is_connected()) {
                slot.assign([&halves = *pair](asio::cancellation_type) { halves.cancel(); });
            }
        } catch (const std::bad_alloc&) {
            resume<std::exception_ptr>(*std::move(pair->caller_), std::current_exception());
            return;
        }
        pair->spawn(executor, std::move(first), pair->signals_[0], pair);
        pair->spawn(executor, std::move(second), pair->signals_[1], pair);
        // The first may have had us cancelled before the second was there.
        if (pair->cancelled_) pair->cancel();
    }

private:
    void spawn(const IoExecutor& executor, awaitable<void> half, asio::cancellation_signal& signal,
               const std::shared_ptr<Pair>& self) noexcept {
        try {
            asio::co_spawn(
                executor, std::move(half),
                asio::bind_cancellation_slot(signal.slot(), [self](std::exception_ptr thrown) {
                    self->on_end(std::move(thrown));
                }));
        } catch (const std::bad_alloc&) {
            on_end(std::current_exception());
        }
    }

    void cancel() {
        cancelled_ = true;
        for (auto& signal : signals_) signal.emit(asio::cancellation_type::terminal);
    }

    void on_end(std::exception_ptr thrown) {
        if (--running_ == 0) {
            if (!failure_) failure_ = std::move(thrown);
            resume<std::exception_ptr>(*std::move(caller_), std::move(failure_));
        } else if (thrown) {
            failure_ = std::move(thrown);
            cancel();
        }
    }

    std::optional<Caller> caller_;
    std::array<asio::cancellation_signal, 2> signals_;
    std::exception_ptr failure_;
    int running_ = 2;
    bool cancelled_ = false;
};

}  // namespace

awaitable<void> both(awaitable<void> first, awaitable<void> second) {
    return suspend<std::exception_ptr>(&Pair::run, std::make_shared<Pair>(), std::move(first),
                                       std::move(second));
}

}  // namespace culvert
