#include <algorithm>
#include <exception>
#include <iterator>

#include "common/base/escape.hpp"
#include "common/log/log.hpp"
#include "common/net/address.hpp"
#include "server/daemon.hpp"

// What a daemon listens on, and how that changes.

namespace culvert {
namespace {

constexpr Duration listen_lookup_time = std::chrono::seconds{10};

template <class Listenings>
std::vector<asio::ip::tcp::endpoint> bound_of(const Listenings& all) {
    std::vector<asio::ip::tcp::endpoint> endpoints;
    for (const auto& one : all)
        std::ranges::copy(one->listener.bound(), std::back_inserter(endpoints));
    return endpoints;
}

}  // namespace

/// What `config` listens on. Names that are listened on already aren't looked up again.
awaitable<std::vector<ListenEntry>> Daemon::listen_entries(const ServerConfig& config,
                                                           const Listenings& before) {
    std::vector<ListenEntry> entries;
    for (const Endpoint& where : config.listen) {
        const auto known = std::ranges::find(
            before, where, [](const auto& listening) { return listening->entry.where; });
        if (known != before.end()) {
            entries.push_back({where, (*known)->entry.addresses});
            continue;
        }
        auto endpoints = co_await listen_endpoints(resolver_, where, AddressFamily::any,
                                                   Deadline{listen_lookup_time});
        entries.push_back({where, std::move(endpoints)});
    }
    co_return entries;
}

/// Listens on what `config` says. An entry of `before` that stays the same is taken over as it is,
/// and the sockets of the others where their addresses are still wanted. Throws if an address can't
/// be had; `before` is as it was then.
awaitable<Daemon::Listenings> Daemon::listen(const ServerConfig& config, const Listenings& before) {
    auto entries = co_await listen_entries(config, before);
    for (const std::string& remark : drop_covered(entries)) log_info("listen: {}", remark);
    std::vector<const Listener*> listeners;
    for (const auto& old : before) listeners.push_back(&old->listener);
    Listenings left = before;
    Listenings all;
    Listenings fresh;
    for (ListenEntry& entry : entries) {
        const auto same =
            std::ranges::find(left, entry, [](const auto& listening) { return listening->entry; });
        if (same != left.end()) {
            all.push_back(*same);
            left.erase(same);
            continue;
        }
        fresh.push_back(std::make_shared<Listening>(context_.get_executor(), std::move(entry),
                                                    listeners,
                                                    [this](const auto& thrown) { fail(thrown); }));
        all.push_back(fresh.back());
    }
    const auto bound_before = bound_of(before);
    for (const auto& listening : fresh) {
        for (const auto& bound : listening->listener.bound()) {
            if (std::ranges::find(bound_before, bound) != bound_before.end()) continue;
            log_info("listening on {}", to_string(bound));
        }
    }
    co_await start_accepting(fresh);
    co_return all;
}

/// Ends those of `old` that aren't in `listening_`.
awaitable<void> Daemon::give_up(Listenings old) {
    const auto has = [](const auto& list, const auto& one) {
        return std::ranges::find(list, one) != list.end();
    };
    std::erase_if(old, [&](const auto& listening) { return has(listening_, listening); });
    // First of all: what fails later must not find a task that accepts.
    for (const auto& listening : old) co_await listening->accepting.join();
    const auto bound_now = bound_of(listening_);
    for (auto& listening : old) {
        if (const auto why = listening->listener.accept_rest(accept_events())) {
            log_error("{}: connections that waited to be accepted are reset: {}",
                      escaped(to_string(listening->entry.where)), why.message());
        }
        const auto bound_before = listening->listener.bound();
        listening.reset();
        for (const auto& bound : bound_before) {
            if (!has(bound_now, bound)) log_info("no longer listening on {}", to_string(bound));
        }
    }
}

/// On all of them, or on none.
awaitable<void> Daemon::start_accepting(const Listenings& fresh) {
    std::exception_ptr failure;
    try {
        for (const auto& listening : fresh) {
            listening->accepting.spawn(listening->listener.run(accept_events()));
        }
    } catch (...) {
        failure = std::current_exception();
    }
    if (!failure) co_return;
    for (const auto& listening : fresh) co_await listening->accepting.join();
    std::rethrow_exception(failure);
}

Listener::Events Daemon::accept_events() {
    return {.on_accept = [this](Accepted accepted) { on_accept(std::move(accepted)); },
            .on_exhausted =
                [](std::error_code why) {
                    log_error("accepting no connections for now: {}", why.message());
                },
            .on_recovered =
                [](std::size_t failures) {
                    log_info("accepting connections again, after {} failures", failures);
                }};
}

}  // namespace culvert
