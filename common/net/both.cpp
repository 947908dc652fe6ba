#include "common/net/both.hpp"

#include <array>
#include <memory>
#include <new>
#include <optional>
#include <utility>

#include <asio/bind_cancellation_slot.hpp>
#include <asio/cancellation_signal.hpp>
#include <asio/co_spawn.hpp>

#include "common/net/completion.hpp"
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
        pair->spawn(executor, std::move(first), pair->halves_[0], pair);
        pair->spawn(executor, std::move(second), pair->halves_[1], pair);
        // The first may have had us cancelled before the second was there.
        if (pair->cancelled_) pair->cancel();
    }

private:
    struct Half {
        asio::cancellation_signal signal;
        bool ended = false;
    };

    static void spawn(const IoExecutor& executor, awaitable<void> operation, Half& half,
                      const std::shared_ptr<Pair>& pair) noexcept {
        Completion completion{[pair, &half](std::exception_ptr thrown) noexcept {
            pair->on_end(half, std::move(thrown));
        }};
        try {
            asio::co_spawn(executor, std::move(operation),
                           asio::bind_cancellation_slot(half.signal.slot(), std::move(completion)));
        } catch (const std::bad_alloc&) {
            // The completion has been dropped, and has said so.
        }
    }

    void cancel() {
        cancelled_ = true;
        for (Half& half : halves_) {
            if (!half.ended) half.signal.emit(asio::cancellation_type::terminal);
        }
    }

    void on_end(Half& half, std::exception_ptr thrown) {
        half.ended = true;
        if (--running_ == 0) {
            if (!failure_) failure_ = std::move(thrown);
            resume<std::exception_ptr>(*std::move(caller_), std::move(failure_));
        } else if (thrown) {
            failure_ = std::move(thrown);
            cancel();
        }
    }

    std::optional<Caller> caller_;
    std::array<Half, 2> halves_;
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
