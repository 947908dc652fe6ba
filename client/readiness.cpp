#include "client/readiness.hpp"

#include <algorithm>
#include <utility>

#include <asio/post.hpp>

#include "client/config.hpp"
#include "common/base/error.hpp"
#include "common/log/log.hpp"
#include "common/net/pause.hpp"

namespace culvert {
namespace {

bool has_failed(const TunnelStatus& tunnel) {
    return tunnel.ended || !tunnel.failure.empty() || !tunnel.not_bound.empty();
}

}  // namespace

Readiness::Readiness(IoExecutor executor, ServiceManager manager, const Times& times, Hooks hooks)
    : manager_{std::move(manager)},
      times_{times},
      hooks_{std::move(hooks)},
      watching_{std::move(executor), [](const std::exception_ptr& thrown) {
                    log_error("{}", text_of_exception(thrown));
                }} {}

void Readiness::start() {
    if (times_.ready_timeout > default_ready_timeout) manager_.starting(times_.ready_timeout);
    watching_.spawn(watch_start());
}

awaitable<void> Readiness::watch_start() {
    const Duration quick = std::min<Duration>(times_.quick_start, times_.ready_timeout);
    co_await pause(quick);
    start_ = Start::slow;
    follow_change();
    co_await pause(times_.ready_timeout - quick);
    start_ = Start::too_slow;
    follow_change();
}

void Readiness::on_change() {
    if (std::exchange(change_is_posted_, true)) return;
    asio::post(watching_.executor(), [this] {
        change_is_posted_ = false;
        follow_change();
    });
}

void Readiness::follow_change() {
    const std::vector<TunnelStatus> all = hooks_.statuses();
    if (hooks_.on_up && std::ranges::all_of(all, &TunnelStatus::has_been_up)) {
        std::exchange(hooks_.on_up, nullptr)();
    }
    if (!is_stopping_) tell_manager(all);
}

void Readiness::tell_manager(const std::vector<TunnelStatus>& all) {
    std::string status = describe(all);
    if (start_ != Start::over && (is_ready(all) || start_ == Start::too_slow)) {
        start_ = Start::over;
        watching_.cancel();
        manager_.ready(status);
    } else {
        // STATUS= skips the states that last for moments before READY.
        const bool is_news = start_ != Start::quick || std::ranges::any_of(all, &has_failed);
        if (!is_news || status == told_status_) return;
        manager_.status(status);
    }
    told_status_ = std::move(status);
}

void Readiness::on_reloading() {
    if (start_ == Start::over) manager_.reloading();
}

void Readiness::on_reloaded() {
    if (start_ != Start::over) return;
    told_status_ = describe(hooks_.statuses());
    manager_.ready(told_status_);
}

void Readiness::on_stopping(std::chrono::milliseconds drain) {
    is_stopping_ = true;
    manager_.stopping(drain);
}

}  // namespace culvert
