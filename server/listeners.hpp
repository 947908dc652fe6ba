#pragma once

#include <functional>
#include <memory>
#include <vector>

#include <asio/ip/tcp.hpp>

#include "common/base/endpoint.hpp"
#include "common/net/accepted.hpp"
#include "common/net/awaitable.hpp"
#include "common/net/listener.hpp"
#include "common/net/on_io_context.hpp"
#include "common/net/task_group.hpp"
#include "server/broker.hpp"
#include "server/listen_plan.hpp"

namespace culvert {

/// What the daemon listens on: the entries of `listen`, each with its sockets and the task that
/// accepts what connects to them. On one thread; close() comes before the destructor.
class Listeners {
public:
    using OnAccept = std::function<void(Accepted)>;

    /// `on_error` is called with what ended the accepting of an entry.
    Listeners(IoExecutor executor, OnAccept on_accept, TaskGroup::OnError on_error)
        : executor_{std::move(executor)},
          on_accept_{std::move(on_accept)},
          on_error_{std::move(on_error)} {}

    /// Listens on `wanted`, whose sockets `broker` binds, and accepts. An entry that stays the same
    /// goes on as it is; of the others sockets are taken over where their addresses are still
    /// wanted. What is no longer wanted goes on, too, until close_replaced(). Throws if an address
    /// can't be had; all is as it was then.
    awaitable<void> listen(Broker& broker, std::vector<Endpoint> wanted);

    /// Ends the entries that listen() has replaced. What waits in the kernel for a socket that is
    /// closed is accepted before.
    awaitable<void> close_replaced();

    /// Ends all of them, so that another process can have the addresses.
    awaitable<void> close();

    /// The addresses of the entries that weren't replaced.
    std::vector<asio::ip::tcp::endpoint> bound() const { return bound(entries_); }

private:
    struct Entry {
        Entry(const IoExecutor& executor, ListenEntry wanted, std::vector<UniqueFd> sockets,
              TaskGroup::OnError on_error)
            : plan{std::move(wanted)},
              listener{executor, std::move(sockets)},
              accepting{executor, std::move(on_error)} {}

        ListenEntry plan;
        Listener listener;
        TaskGroup accepting;
    };
    using Entries = std::vector<std::shared_ptr<Entry>>;

    static std::vector<asio::ip::tcp::endpoint> bound(const Entries& entries);
    awaitable<std::vector<ListenEntry>> plan(Broker& broker, std::vector<Endpoint> wanted) const;
    std::vector<BoundSocket> sockets() const;
    awaitable<void> start_accepting(const Entries& fresh);
    Listener::Events accept_events() const;

    IoExecutor executor_;
    OnAccept on_accept_;
    TaskGroup::OnError on_error_;
    Entries entries_;
    Entries replaced_;
};

}  // namespace culvert
