#include "server/listeners.hpp"

#include <algorithm>
#include <exception>
#include <iterator>
#include <utility>

#include "common/base/escape.hpp"
#include "common/log/log.hpp"
#include "common/net/address.hpp"

namespace culvert {
namespace {

bool has(const auto& list, const auto& one) { return std::ranges::find(list, one) != list.end(); }

}  // namespace

awaitable<void> Listeners::listen(Broker& broker, std::vector<Endpoint> wanted) {
    auto planned = co_await plan(broker, std::move(wanted));
    for (const std::string& warning : drop_covered(planned)) log_info("listen: {}", warning);
    Entries left = entries_;
    Entries all;
    Entries fresh;
    for (ListenEntry& one : planned) {
        const auto same =
            std::ranges::find(left, one, [](const auto& entry) { return entry->plan; });
        if (same != left.end()) {
            all.push_back(*same);
            left.erase(same);
            continue;
        }
        auto binding = broker.bind(one.to_bind, sockets());
        auto bound_for_it = co_await std::move(binding);
        fresh.push_back(
            std::make_shared<Entry>(executor_, std::move(one), std::move(bound_for_it), on_error_));
        all.push_back(fresh.back());
    }
    const auto bound_before = bound();
    for (const auto& endpoint : bound(fresh)) {
        if (!has(bound_before, endpoint)) log_info("listening on {}", to_string(endpoint));
    }
    // Those that an earlier call replaced, and that could not be closed for want of memory.
    std::ranges::copy(replaced_, std::back_inserter(left));
    co_await start_accepting(fresh);
    entries_ = std::move(all);
    replaced_ = std::move(left);
}

/// The entries with their addresses. Names that are listened on already aren't looked up again.
awaitable<std::vector<ListenEntry>> Listeners::plan(Broker& broker,
                                                    std::vector<Endpoint> wanted) const {
    std::vector<ListenEntry> planned;
    for (const Endpoint& where : wanted) {
        const auto known =
            std::ranges::find(entries_, where, [](const auto& entry) { return entry->plan.where; });
        if (known != entries_.end()) {
            planned.push_back({where, (*known)->plan.addresses});
            continue;
        }
        auto addresses = co_await broker.resolve_bind_address(where);
        planned.push_back({where, std::move(addresses)});
    }
    co_return planned;
}

std::vector<BoundSocket> Listeners::sockets() const {
    std::vector<BoundSocket> all;
    for (const Entries* const entries : {&entries_, &replaced_}) {
        for (const auto& entry : *entries) {
            std::ranges::copy(entry->listener.sockets(), std::back_inserter(all));
        }
    }
    return all;
}

std::vector<asio::ip::tcp::endpoint> Listeners::bound(const Entries& entries) {
    std::vector<asio::ip::tcp::endpoint> endpoints;
    for (const auto& entry : entries) {
        std::ranges::copy(entry->listener.bound(), std::back_inserter(endpoints));
    }
    return endpoints;
}

awaitable<void> Listeners::close_replaced() {
    Entries old = std::exchange(replaced_, {});
    // First of all: what fails later must not find a task that accepts.
    for (const auto& entry : old) co_await entry->accepting.join();
    const auto bound_now = bound();
    for (auto& entry : old) {
        if (const auto why = entry->listener.accept_rest(accept_events())) {
            log_error("{}: connections that waited to be accepted are reset: {}",
                      escaped(to_string(entry->plan.where)), why.message());
        }
        const auto bound_before = entry->listener.bound();
        entry.reset();
        for (const auto& endpoint : bound_before) {
            if (!has(bound_now, endpoint)) {
                log_info("no longer listening on {}", to_string(endpoint));
            }
        }
    }
}

awaitable<void> Listeners::close() {
    for (Entries* const entries : {&entries_, &replaced_}) {
        for (const auto& entry : *entries) co_await entry->accepting.join();
        entries->clear();
    }
}

/// On all of them, or on none.
awaitable<void> Listeners::start_accepting(const Entries& fresh) {
    std::exception_ptr failure;
    try {
        for (const auto& entry : fresh)
            entry->accepting.spawn(entry->listener.run(accept_events()));
    } catch (...) {
        failure = std::current_exception();
    }
    if (!failure) co_return;
    for (const auto& entry : fresh) co_await entry->accepting.join();
    std::rethrow_exception(failure);
}

Listener::Events Listeners::accept_events() const {
    return {.on_accept = on_accept_,
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
