#include "client/tunnel_set.hpp"

#include <algorithm>
#include <utility>

#include <asio/post.hpp>

#include "common/base/error.hpp"

namespace culvert {
namespace {

bool is_of_what_the_user_wrote(const std::exception_ptr& why) {
    try {
        std::rethrow_exception(why);
    } catch (const Error& error) {
        return culvert::exit_code(error) == exit_bad_input;
    } catch (...) {
        return false;
    }
}

/// On which the tunnels of these entries listen.
std::set<std::uint16_t> ports_of(const auto& entries) {
    std::set<std::uint16_t> ports;
    for (const auto& entry : entries) {
        for (const LocalForward& forward : entry.settings.forwards) ports.insert(forward.port);
    }
    return ports;
}

}  // namespace

TunnelSet::TunnelSet(ClientContext shared, FirstFailure first_failure,
                     std::function<void()> on_all_over)
    : shared_{std::move(shared)},
      first_failure_{first_failure},
      on_all_over_{std::move(on_all_over)},
      tasks_{shared_.executor,
             [](const std::exception_ptr& thrown) { log_error("{}", text_of_exception(thrown)); }} {
    shared_.on_change = [this, told = std::move(shared_.on_change)] {
        end_handover_if_over();
        told();
    };
}

TunnelSet::Entry* TunnelSet::find(const TunnelSettings& wanted) {
    const auto is_it = [&](const Entry& entry) { return entry.settings.name == wanted.name; };
    const auto found = std::ranges::find_if(configured_, is_it);
    return found == configured_.end() ? nullptr : &*found;
}

/// An entry for each of them, without a tunnel where the one that runs is to be kept.
TunnelSet::Entries TunnelSet::make(std::vector<TunnelSettings> wanted, Changes& changes) {
    Entries entries;
    for (TunnelSettings& settings : wanted) {
        const Entry* const there = find(settings);
        Entry& entry = entries.emplace_back();
        if (there != nullptr && there->tunnel && there->settings == settings) {
            ++changes.kept;
        } else {
            entry.tunnel = std::make_unique<Tunnel>(shared_, settings, first_failure_);
            ++(there != nullptr ? changes.restarted : changes.started);
        }
        entry.settings = std::move(settings);
    }
    return entries;
}

TunnelSet::Changes TunnelSet::configure(std::vector<TunnelSettings> wanted,
                                        std::chrono::milliseconds drain) {
    Changes changes;
    Entries entries = make(std::move(wanted), changes);
    // Nothing throws from here on but for lack of memory.
    const std::size_t before = configured_.size();
    std::vector<Entry*> fresh;
    fresh.reserve(entries.size());
    for (auto entry = entries.begin(); entry != entries.end(); ++entry) {
        if (entry->tunnel) {
            fresh.push_back(&*entry);
            continue;
        }
        const auto is_it = [&](const Entry& e) { return e.settings.name == entry->settings.name; };
        const auto kept = std::ranges::find_if(configured_, is_it);
        entries.splice(entry, configured_, kept);
        entry = std::prev(entries.erase(entry));
    }
    changes.removed = before - changes.kept - changes.restarted;
    const auto ports = ports_of(entries);
    for (Entry& entry : configured_) {
        if (entry.tunnel) retire(entry, drain, ports);
    }
    std::erase_if(configured_, [](const Entry& entry) { return !entry.tunnel; });
    retired_.splice(retired_.end(), configured_);
    configured_ = std::move(entries);
    for (Entry* const entry : fresh) tasks_.spawn(run(*entry));
    end_handover_if_over();
    return changes;
}

void TunnelSet::retire(Entry& entry, std::chrono::milliseconds drain,
                       const std::set<std::uint16_t>& ports) {
    entry.retired = true;
    entry.tunnel->hand_over(ports);
    entry.drain_limit.emplace(shared_.executor, drain);
    // It may have ended in the turn in which the time was over: it is looked for anew.
    entry.drain_limit->async_wait([this, tunnel = entry.tunnel.get()](std::error_code cancelled) {
        if (cancelled) return;
        for (const Entry& other : retired_) {
            if (other.tunnel.get() == tunnel) other.tunnel->end();
        }
    });
}

/// No tunnel is left that may yet take a listener over.
void TunnelSet::end_handover_if_over() {
    const auto may_bind = [](const Entry& entry) {
        return entry.tunnel && !entry.tunnel->listeners_tried();
    };
    if (std::ranges::none_of(configured_, may_bind)) shared_.handover->close();
}

awaitable<void> TunnelSet::run(Entry& entry) {
    std::exception_ptr why;
    try {
        co_await entry.tunnel->run();
    } catch (...) {
        why = std::current_exception();
    }
    // What its links were told before may still be on the way to them, and they go now.
    co_await asio::post(shared_.executor, use_awaitable);
    on_over(entry, why);
}

void TunnelSet::on_over(Entry& entry, const std::exception_ptr& why) {
    if (why) {
        const bool one_of_several = !entry.settings.log_tag.empty();
        TunnelLog{entry.settings}.failure(why, one_of_several ? "; the tunnel has ended" : "");
    }
    entry.tunnel.reset();
    if (entry.retired) {
        std::erase_if(retired_, [&](const Entry& other) { return &other == &entry; });
    } else {
        entry.why_ended = why;
    }
    shared_.on_change();
    if (!any_runs()) on_all_over_();
}

bool TunnelSet::any_runs() const noexcept {
    return !retired_.empty() ||
           std::ranges::any_of(configured_, [](const Entry& e) { return e.tunnel != nullptr; });
}

void TunnelSet::drain() {
    shared_.handover->close();
    for (const Entry& entry : configured_) {
        if (entry.tunnel) entry.tunnel->drain();
    }
}

void TunnelSet::end() {
    for (const Entries* const entries : {&configured_, &retired_}) {
        for (const Entry& entry : *entries) {
            if (entry.tunnel) entry.tunnel->end();
        }
    }
}

std::size_t TunnelSet::open_streams() const noexcept {
    std::size_t all = 0;
    for (const Entries* const entries : {&configured_, &retired_}) {
        for (const Entry& entry : *entries) {
            if (entry.tunnel) all += entry.tunnel->open_streams();
        }
    }
    return all;
}

std::vector<TunnelStatus> TunnelSet::statuses() const {
    std::vector<TunnelStatus> all;
    for (const Entry& entry : configured_) {
        if (entry.tunnel) {
            all.push_back(entry.tunnel->status());
            continue;
        }
        TunnelStatus& over = all.emplace_back();
        over.name = entry.settings.name;
        over.log_tag = entry.settings.log_tag;
        over.required = entry.settings.required;
        over.listeners_tried = true;
        over.ended = entry.why_ended ? text_of_exception(entry.why_ended) : "as asked";
    }
    return all;
}

ExitCode TunnelSet::exit_code() const {
    const auto failed = [](const Entry& entry) { return entry.why_ended != nullptr; };
    if (std::ranges::none_of(configured_, failed)) return exit_as_asked;
    const bool all_wrong = std::ranges::all_of(configured_, [&](const Entry& entry) {
        return !failed(entry) || is_of_what_the_user_wrote(entry.why_ended);
    });
    return all_wrong ? exit_bad_input : exit_work_failed;
}

}  // namespace culvert
