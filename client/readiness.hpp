#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "client/tunnel_status.hpp"
#include "common/base/time.hpp"
#include "common/net/awaitable.hpp"
#include "common/net/on_io_context.hpp"
#include "common/net/service_manager.hpp"
#include "common/net/task_group.hpp"

namespace culvert {

/// Tells the service manager, and the program that waits for a client in the background, how far
/// its tunnels are. On one thread.
class Readiness {
public:
    /// A start that takes longer than this is reported in STATUS=.
    static constexpr Duration default_quick_start = std::chrono::seconds{1};

    struct Times {
        std::chrono::milliseconds ready_timeout;  ///< READY after so long in any case
        Duration quick_start = default_quick_start;
    };
    struct Hooks {
        std::function<std::vector<TunnelStatus>()> statuses;  ///< of all tunnels, now
        std::function<void()> on_up;  ///< called once, when every tunnel has been up
    };
    Readiness(IoExecutor executor, ServiceManager manager, const Times& times, Hooks hooks);

    /// The tunnels start.
    void start();
    /// A status has changed. It is looked at in a later turn, once for all that changes in this
    /// one.
    void on_change();
    /// A reload begins, and is over: the manager hears of it where it was told READY before.
    void on_reloading();
    void on_reloaded();
    /// The end may take so long. The manager hears of no status from here on.
    void on_stopping(std::chrono::milliseconds drain);
    /// READY is no longer told because of the time alone: the program may end before it is over.
    void stop_watching() { watching_.cancel(); }

private:
    awaitable<void> watch_start();
    void follow_change();
    void tell_manager(const std::vector<TunnelStatus>& all);

    ServiceManager manager_;
    Times times_;
    Hooks hooks_;
    enum class Start { quick, slow, too_slow, over } start_ = Start::quick;
    bool is_stopping_ = false;
    bool change_is_posted_ = false;
    std::string told_status_;
    TaskGroup watching_;
};

}  // namespace culvert
