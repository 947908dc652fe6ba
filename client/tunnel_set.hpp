#pragma once

#include <chrono>
#include <cstdint>
#include <exception>
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <set>
#include <vector>

#include "client/tunnel.hpp"
#include "common/base/exit_code.hpp"
#include "common/net/task_group.hpp"

namespace culvert {

/// The tunnels of one program: those that are configured, also after they have ended for good, and
/// those that a new configuration no longer has, until their last stream has ended.
class TunnelSet {
public:
    /// How many tunnels a new configuration left alone, and so on.
    struct Changes {
        std::size_t kept = 0, started = 0, restarted = 0, removed = 0;
    };

    /// `on_all_over` is called when none is left that runs; in neither call may a tunnel be touched
    /// at once.
    TunnelSet(ClientContext shared, FirstFailure first_failure, std::function<void()> on_all_over);

    /// Makes these the configured tunnels. One that is there already with the same settings keeps
    /// its listeners and streams. Others take no more connections, and their streams have `drain`
    /// to end; where the name stays, the tunnel of the new settings starts meanwhile. A port that
    /// another tunnel listens on then stays open. A tunnel that had ended for good starts again.
    /// Throws Error{config} for a bad identity file; nothing has changed then.
    Changes configure(std::vector<TunnelSettings> wanted, std::chrono::milliseconds drain);

    void drain();
    void end();

    std::size_t open_streams() const noexcept;
    /// Of the configured ones, in their order.
    std::vector<TunnelStatus> statuses() const;
    /// How the program ends when its tunnels have ended by themselves.
    ExitCode exit_code() const;

private:
    struct Entry {
        TunnelSettings settings;
        std::unique_ptr<Tunnel> tunnel;  ///< null: it has ended
        std::exception_ptr why_ended;
        std::optional<Timer> drain_limit;
        bool retired = false;
    };
    using Entries = std::list<Entry>;

    Entries make(std::vector<TunnelSettings> wanted, Changes& changes);
    Entry* find(const TunnelSettings& wanted);
    void retire(Entry& entry, std::chrono::milliseconds drain,
                const std::set<std::uint16_t>& ports);
    void end_handover_if_over();
    awaitable<void> run(Entry& entry);
    void on_over(Entry& entry, const std::exception_ptr& why);
    bool any_runs() const noexcept;

    ClientContext shared_;
    FirstFailure first_failure_;
    std::function<void()> on_all_over_;
    Entries configured_;
    Entries retired_;
    TaskGroup tasks_;
};

}  // namespace culvert
