#include "client/tunnel.hpp"

#include <algorithm>

#include "client/forward_spec.hpp"
#include "common/base/error.hpp"
#include "common/log/log.hpp"
#include "common/net/pause.hpp"
#include "common/net/run_on.hpp"
#include "common/net/tcp_options.hpp"
#include "common/net/timeout.hpp"

namespace culvert {
namespace {

constexpr Duration bind_lookup_time = std::chrono::seconds{10};
/// How often `up` tries a port that another program has.
constexpr Duration bind_retry_time = std::chrono::seconds{5};
/// How often the links' traffic is measured, while there is any.
constexpr Duration measuring_time = std::chrono::milliseconds{500};
/// Bytes in that time: no connection counts as busy with less, however idle the others are.
constexpr double little_traffic = 64 * 1024;

Endpoint where_it_listens(const LocalForward& forward) {
    return {forward.bind.empty() ? "localhost" : forward.bind, forward.port};
}

}  // namespace

Tunnel::Tunnel(ClientContext context, TunnelSettings settings, FirstFailure first_failure)
    : context_{std::move(context)},
      settings_{std::move(settings)},
      log_{settings_},
      first_failure_{first_failure},
      turns_{settings_.connections},
      not_carried_{"connections that were reset because they could not be carried",
                   LogKind::forwards, settings_.log_tag},
      shared_by_connections_{.owner_executor = context_.executor,
                             .owner = *this,
                             .settings = settings_,
                             .first_failure = first_failure,
                             .windows = context_.windows,
                             .resolver = context_.resolver,
                             .random = context_.random,
                             .not_carried = not_carried_},
      accepting_{context_.executor,
                 [this](const std::exception_ptr& thrown) {
                     log_.error("a forward ended: {}", text_of_exception(thrown));
                     context_.on_change();
                 }},
      tasks_{context_.executor, [this](const std::exception_ptr& thrown) {
                 log_.error("{}", text_of_exception(thrown));
             }} {
    for (const LocalForward& forward : settings_.forwards) forwards_.push_back({forward, {}});
    const Identities identities{settings_};
    for (std::size_t i = 0; i < settings_.connections; ++i) {
        connections_.emplace_back().connection = std::make_unique<ClientConnection>(
            context_.next_thread(), shared_by_connections_, i, identities);
    }
}

awaitable<void> Tunnel::run() {
    std::exception_ptr why;
    try {
        co_await bind_forwards();
        listeners_tried_ = true;
        context_.on_change();
        for (const Member& member : connections_) member.connection->start();
        tasks_.spawn(report_not_carried());
        co_await over_.wait();
        why = why_over_;
    } catch (...) {
        why = std::current_exception();
    }
    co_await uncancellable();
    // From here on no connection is told anything: it may be gone before it hears of it.
    ending_ = true;
    co_await accepting_.join();
    co_await tasks_.join();
    for (const Member& member : connections_) {
        co_await run_on(member.connection->executor(), member.connection->join());
    }
    not_carried_.log_rest(LogLevel::info);
    if (why) std::rethrow_exception(why);
}

awaitable<void> Tunnel::report_not_carried() {
    for (;;) {
        co_await pause(RepeatLimit::span);
        not_carried_.report(LogLevel::info, Clock::now());
    }
}

void Tunnel::drain() {
    if (ending_) return;
    draining_ = true;
    for (Forward& forward : forwards_) {
        if (forward.listener) forward.listener->close();
    }
    accepting_.cancel();
    drain_connections_if_nothing_held();
}

void Tunnel::hand_over(const std::set<std::uint16_t>& ports) {
    if (draining_) return;
    for (Forward& forward : forwards_) {
        if (!forward.listener) continue;
        if (ports.contains(forward.listener->bound().front().port())) {
            context_.handover->add(std::exchange(forward.listener, nullptr));
        } else {
            forward.listener->accept_rest(accept_events(forward));
        }
    }
    drain();
}

void Tunnel::drain_connections_if_nothing_held() {
    if (!draining_ || ending_ || holding_ > 0) return;
    for (const Member& member : connections_) member.connection->drain();
}

void Tunnel::end() {
    if (std::exchange(ending_, true)) return;
    for (const Member& member : connections_) member.connection->end();
}

std::size_t Tunnel::open_streams() const noexcept {
    std::size_t all = holding_;
    for (const Member& member : connections_) all += member.connection->open_streams();
    return all;
}

TunnelStatus Tunnel::status() const {
    TunnelStatus status;
    status.name = settings_.name;
    status.log_tag = settings_.log_tag;
    status.required = settings_.required;
    status.listeners_tried = listeners_tried_;
    status.has_been_up = accepted_identity_.has_value();
    status.connections = settings_.connections;
    status.up = turns_.up();
    status.failure = failure_;
    status.streams = open_streams();
    for (const Forward& forward : forwards_) {
        if (forward.listener || !listeners_tried_) continue;
        status.not_bound.push_back(to_string(where_it_listens(forward.settings)));
    }
    return status;
}

// ---------------------------------------------------------------------- listening

awaitable<void> Tunnel::bind_forwards() {
    std::size_t bound = 0;
    for (Forward& forward : forwards_) {
        const bool is_bound = co_await bind(forward, OnFailure::say_so);
        if (is_bound) {
            ++bound;
        } else if (first_failure_ == FirstFailure::is_outlived) {
            accepting_.spawn(bind_later(forward));
        }
    }
    const bool may_come = first_failure_ == FirstFailure::is_outlived;
    if (bound == 0 && !forwards_.empty() && !may_come) {
        throw Error{ErrorKind::network, "no forward could be set up"};
    }
}

awaitable<bool> Tunnel::bind(Forward& forward, OnFailure on_failure) {
    const LocalForward& wanted = forward.settings;
    try {
        const auto endpoints =
            co_await listen_endpoints(context_.resolver, where_it_listens(wanted), settings_.family,
                                      Deadline{bind_lookup_time});
        if (draining_) co_return false;
        forward.listener = context_.handover->listen(context_.executor, endpoints);
    } catch (const std::exception&) {
        const std::exception_ptr why = std::current_exception();
        if (settings_.exit_on_forward_failure || is_operation_aborted(why)) throw;
        const bool again = first_failure_ == FirstFailure::is_outlived;
        if (on_failure == OnFailure::say_so) {
            log_.failure(why, again ? "; trying again every 5 s" : "");
        }
        co_return false;
    }
    for (const auto& bound : forward.listener->bound()) {
        log_.info("{}", ready_line(to_endpoint(bound), wanted.target));
    }
    accepting_.spawn(accept(forward));
    co_return true;
}

awaitable<void> Tunnel::bind_later(Forward& forward) {
    for (;;) {
        co_await pause(bind_retry_time);
        const bool bound = co_await bind(forward, OnFailure::keep_quiet);
        if (!bound) continue;
        context_.on_change();
        co_return;
    }
}

Listener::Events Tunnel::accept_events(const Forward& forward) {
    Listener::Events events;
    events.on_accept = [this, &forward](Accepted accepted) {
        const bool hold = settings_.while_down == WhileDown::hold;
        (void)set_on_close(accepted.fd.get(), OnClose::reset);
        if (std::ranges::none_of(connections_, &Member::ready)) hurry_connections();
        place({.accepted = std::move(accepted),
               .forward = &forward.settings,
               .held_until = Deadline{hold ? settings_.hold_for : Duration::zero()}});
    };
    events.on_exhausted = [this](std::error_code why) {
        log_.error("accepting no connections for now: {}", why.message());
    };
    events.on_recovered = [this](std::size_t failures) {
        log_.info("accepting connections again, after {} failures", failures);
    };
    return events;
}

awaitable<void> Tunnel::accept(Forward& forward) {
    // The forward's own pointer goes when the listener is handed over, ahead of this run's end.
    const std::shared_ptr<Listener> listener = forward.listener;
    try {
        co_await listener->run(accept_events(forward));
    } catch (...) {
        // A port behind which nothing accepts is closed.
        forward.listener.reset();
        throw;
    }
}

// ---------------------------------------------------------------------- what connected

/// Counts a connection as held: from before its coroutine begins, which is in a later turn.
class Tunnel::Holding {
public:
    explicit Holding(Tunnel& tunnel) noexcept : tunnel_{&tunnel} { ++tunnel.holding_; }
    Holding(Holding&& other) noexcept : tunnel_{std::exchange(other.tunnel_, nullptr)} {}
    Holding& operator=(Holding&&) = delete;
    ~Holding() { release(); }

    void release() noexcept {
        if (tunnel_ != nullptr) --std::exchange(tunnel_, nullptr)->holding_;
    }

private:
    Tunnel* tunnel_;
};

void Tunnel::place(LocalConnection connection) {
    if (Member* const member = ending_ ? nullptr : least_loaded_link()) {
        member->connection->carry(std::move(connection));
        if (connections_.size() == 1) return;
        member->load.on_given();
        if (!std::exchange(measuring_, true)) tasks_.spawn(measure_traffic());
        return;
    }
    if (!ending_ && !connection.held_until.passed()) {
        tasks_.spawn(hold(std::move(connection), Holding{*this}));
    } else {
        not_carried_.log(
            LogLevel::info, "the tunnel is down", "{} -> {}: reset, the tunnel is down",
            to_string(connection.accepted.remote), to_string(connection.forward->target));
    }
}

/// Until a connection to the server is up, or the time is over.
awaitable<void> Tunnel::hold(LocalConnection connection, Holding holding) {
    const auto wait_for = [](Event& event) -> awaitable<void> { co_await event.wait(); };
    Event ready;
    held_.push_back(&ready);
    std::exception_ptr cancelled;
    try {
        co_await with_timeout(wait_for(ready), connection.held_until.left());
    } catch (const std::system_error&) {
        cancelled = std::current_exception();
    }
    std::erase(held_, &ready);
    if (cancelled) std::rethrow_exception(cancelled);
    place(std::move(connection));
    holding.release();
    drain_connections_if_nothing_held();
}

Tunnel::Member* Tunnel::least_loaded_link() {
    std::vector<Member*> ready;
    std::vector<Candidate> candidates;
    for (Member& member : connections_) {
        if (!member.ready) continue;
        ready.push_back(&member);
        candidates.push_back({member.load.average(), member.connection->open_streams()});
    }
    return ready.empty() ? nullptr : ready[least_loaded(candidates)];
}

/// As long as there is anything to measure.
awaitable<void> Tunnel::measure_traffic() {
    std::vector<double> moved(connections_.size());
    while (open_streams() > 0) {
        co_await pause(measuring_time);
        for (std::size_t i = 0; i < connections_.size(); ++i) {
            Member& member = connections_[i];
            const std::uint64_t traffic =
                co_await run_on(member.connection->executor(), member.connection->traffic());
            // A new SSH connection counts from zero.
            const std::uint64_t before = std::exchange(member.traffic, traffic);
            moved[i] = static_cast<double>(traffic < before ? traffic : traffic - before);
        }
        const double busiest = std::max(std::ranges::max(moved), little_traffic);
        for (std::size_t i = 0; i < connections_.size(); ++i) {
            connections_[i].load.on_measured(moved[i] / busiest);
        }
    }
    for (Member& member : connections_) member.load = {};
    measuring_ = false;
}

// ---------------------------------------------------------------------- what its links say

awaitable<std::optional<PublicKey>> Tunnel::wait_for_turn(std::size_t index) {
    co_await turns_.take(index);
    co_return accepted_identity_;
}

awaitable<void> Tunnel::check_host_key(PublicKey key) {
    co_await culvert::check_host_key(settings_, key, context_.ask, context_.random,
                                     accepted_host_key_);
}

void Tunnel::on_ready(std::size_t index) {
    connections_[index].ready = true;
    for (Event* const waiting : held_) waiting->set();
}

void Tunnel::on_up(std::size_t index, const PublicKey& accepted) {
    turns_.on_up(index);
    accepted_identity_ = accepted;
    context_.on_change();
}

void Tunnel::on_lost(std::size_t index, const std::string& why) {
    connections_[index].ready = false;
    turns_.on_lost(index);
    failure_ = why;
    context_.on_change();
    // They came while it was trying: a wait that begins now is too long for them as well.
    if (!held_.empty()) hurry_connections();
}

void Tunnel::hurry_connections() {
    for (const Member& member : connections_) member.connection->hurry();
}

void Tunnel::on_over(std::size_t index, const std::exception_ptr& why) {
    connections_[index].ready = false;
    connections_[index].over = true;
    turns_.on_over(index);
    if (why && turns_.up() > 0) {
        log_.failure(why, "; the tunnel's other connections go on");
    } else if (why) {
        why_over_ = why;
        over_.set();
    }
    if (std::ranges::all_of(connections_, &Member::over)) over_.set();
    context_.on_change();
}

void Tunnel::on_not_carried(std::size_t index, LocalConnection connection) {
    connections_[index].ready = false;
    place(std::move(connection));
}

}  // namespace culvert
