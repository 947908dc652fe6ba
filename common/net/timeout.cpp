#include "common/net/timeout.hpp"

#include <memory>
#include <new>
#include <optional>
#include <system_error>

#include <asio/bind_cancellation_slot.hpp>
#include <asio/cancellation_signal.hpp>
#include <asio/co_spawn.hpp>

#include "common/net/completion.hpp"
#include "common/net/resume.hpp"

namespace culvert {
namespace {

using Caller = Suspended<std::exception_ptr, bool>;

/// Held by the completions of the operation and of its timer.
class Timed {
public:
    static void run(Caller caller, const std::shared_ptr<Timed>& timed, awaitable<void> operation,
                    Duration limit) noexcept {
        auto slot = caller.cancellation_slot();
        timed->caller_.emplace(std::move(caller));
        try {
            if (slot.is_connected()) {
                slot.assign([&self = *timed](asio::cancellation_type) { self.cancel(); });
            }
            begin(timed, std::move(operation), limit);
        } catch (const std::bad_alloc&) {
            // Where the operation was begun, its completion has been dropped, and has said so.
            if (!timed->ended_) timed->on_end(std::current_exception());
        }
    }

private:
    static void begin(const std::shared_ptr<Timed>& timed, awaitable<void> operation,
                      Duration limit) {
        Timer& timer = timed->timer_.emplace(timed->caller_->get_executor(), limit);
        timer.async_wait([timed](std::error_code cancelled) {
            if (!cancelled && !timed->ended_) timed->on_timeout();
        });
        Completion completion{
            [timed](std::exception_ptr thrown) noexcept { timed->on_end(std::move(thrown)); }};
        asio::co_spawn(timer.get_executor(), std::move(operation),
                       asio::bind_cancellation_slot(timed->signal_.slot(), std::move(completion)));
    }

    void cancel() {
        if (!ended_) signal_.emit(asio::cancellation_type::terminal);
    }

    void on_timeout() {
        timed_out_ = true;
        cancel();
    }

    void on_end(std::exception_ptr thrown) {
        ended_ = true;
        if (timer_) timer_->cancel();
        const bool in_time = !thrown;
        if (timed_out_ && is_operation_aborted(thrown)) thrown = nullptr;
        resume<std::exception_ptr, bool>(*std::move(caller_), std::move(thrown), in_time);
    }

    std::optional<Caller> caller_;
    std::optional<Timer> timer_;
    asio::cancellation_signal signal_;
    bool timed_out_ = false;
    bool ended_ = false;
};

}  // namespace

awaitable<bool> with_timeout(awaitable<void> operation, Duration limit) {
    return suspend<std::exception_ptr, bool>(&Timed::run, std::make_shared<Timed>(),
                                             std::move(operation), limit);
}

}  // namespace culvert
