#include "common/net/run_on.hpp"

#include <memory>
#include <new>
#include <optional>

#include <asio/bind_cancellation_slot.hpp>
#include <asio/cancellation_signal.hpp>
#include <asio/co_spawn.hpp>
#include <asio/executor_work_guard.hpp>
#include <asio/post.hpp>

#include "common/net/handler_memory.hpp"
#include "common/net/resume.hpp"

namespace culvert {
namespace {

using Caller = Suspended<std::exception_ptr>;

/// Held by whatever is on its way between the two threads. Asio's co_spawn alone would have the
/// caller's cancellation touch the operation on the wrong one.
class Hop {
public:
    static void run(Caller caller, const std::shared_ptr<Hop>& hop,
                    awaitable<void> operation) noexcept {
        auto slot = caller.cancellation_slot();
        hop->caller_.emplace(std::move(caller));
        try {
            if (slot.is_connected()) {
                // Cleared when the caller goes on, and with it what it holds.
                slot.assign([hop](asio::cancellation_type) { cancel(hop); });
            }
            asio::post(hop->there_, [hop, operation = std::move(operation)]() mutable {
                begin(hop, std::move(operation));
            });
        } catch (const std::bad_alloc&) {
            resume<std::exception_ptr>(*std::move(hop->caller_), std::current_exception());
        }
    }

    Hop(const IoExecutor& here, IoExecutor there) : there_{std::move(there)}, waiting_{here} {}

private:
    static void cancel(const std::shared_ptr<Hop>& hop) noexcept {
        if (std::exchange(hop->cancelled_, true)) return;
        post_in(hop->cancelling_, hop->there_, [hop] { hop->cancel_there(); });
    }

    // ---- there
    static void begin(const std::shared_ptr<Hop>& hop, awaitable<void> operation) noexcept {
        try {
            asio::co_spawn(hop->there_, std::move(operation),
                           asio::bind_cancellation_slot(
                               hop->signal_.slot(),
                               [hop](const std::exception_ptr& thrown) { hop->on_end(thrown); }));
        } catch (const std::bad_alloc&) {
            hop->on_end(std::current_exception());
        }
    }

    void cancel_there() {
        if (!ended_) signal_.emit(asio::cancellation_type::terminal);
    }

    void on_end(const std::exception_ptr& thrown) noexcept {
        ended_ = true;
        (*std::move(caller_)).go_on(thrown);
        waiting_.reset();
    }

    std::optional<Caller> caller_;
    IoExecutor there_;
    /// Nothing else may be left to do here meanwhile.
    asio::executor_work_guard<IoExecutor> waiting_;
    bool cancelled_ = false;
    HandlerMemory<8 * sizeof(void*)> cancelling_;
    asio::cancellation_signal signal_;  ///< of there, as is ended_
    bool ended_ = false;
};

}  // namespace

awaitable<void> run_on(IoExecutor there, awaitable<void> operation) {
    // GCC 12 makes nonsense of a co_await within the comparison.
    const auto here = co_await asio::this_coro::executor;
    if (there == here) {
        co_await std::move(operation);
    } else {
        co_await suspend<std::exception_ptr>(
            &Hop::run, std::make_shared<Hop>(here, std::move(there)), std::move(operation));
    }
}

}  // namespace culvert
