#include "common/net/run_on.hpp"

#include <memory>

#include <asio/associated_cancellation_slot.hpp>
#include <asio/bind_cancellation_slot.hpp>
#include <asio/cancellation_signal.hpp>
#include <asio/co_spawn.hpp>
#include <asio/executor_work_guard.hpp>
#include <asio/post.hpp>

#include "common/net/resume.hpp"

namespace culvert {
namespace {

using Caller = Suspended<std::exception_ptr>;

/// Held by whatever is on its way between the two threads. Asio's co_spawn alone would have the
/// caller's cancellation touch the operation on the wrong one.
class Hop {
public:
    static void run(Caller caller, IoExecutor there, awaitable<void> operation) {
        const auto hop = std::make_shared<Hop>(std::move(caller), std::move(there));
        auto slot = asio::get_associated_cancellation_slot(hop->caller_);
        if (slot.is_connected()) {
            // Cleared when the caller goes on, and with it what it holds.
            slot.assign([hop](asio::cancellation_type) {
                asio::post(hop->there_, [hop] { hop->cancel(); });
            });
        }
        asio::post(hop->there_, [hop, operation = std::move(operation)]() mutable {
            begin(hop, std::move(operation));
        });
    }

    Hop(Caller caller, IoExecutor there)
        : caller_{std::move(caller)},
          here_{caller_.get_executor()},
          there_{std::move(there)},
          waiting_{here_} {}

private:
    // ---- there
    static void begin(const std::shared_ptr<Hop>& hop, awaitable<void> operation) {
        asio::co_spawn(hop->there_, std::move(operation),
                       asio::bind_cancellation_slot(
                           hop->signal_.slot(), [hop](const std::exception_ptr& thrown) {
                               hop->ended_ = true;
                               asio::post(hop->here_, [hop, thrown] { hop->go_on(thrown); });
                           }));
    }

    void cancel() {
        if (!ended_) signal_.emit(asio::cancellation_type::terminal);
    }

    // ---- here
    void go_on(const std::exception_ptr& thrown) {
        waiting_.reset();
        resume<std::exception_ptr>(std::move(caller_), thrown);
    }

    Caller caller_;
    IoExecutor here_;
    IoExecutor there_;
    /// Nothing else may be left to do here meanwhile.
    asio::executor_work_guard<IoExecutor> waiting_;
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
        co_await suspend<std::exception_ptr>(&Hop::run, std::move(there), std::move(operation));
    }
}

}  // namespace culvert
