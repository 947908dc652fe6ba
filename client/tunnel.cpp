#include "client/tunnel.hpp"

#include <utility>

#include "common/base/error.hpp"
#include "common/log/log.hpp"
#include "common/net/pause.hpp"

namespace culvert {

Tunnel::Tunnel(ClientContext context, TunnelSettings settings, FirstFailure first_failure)
    : context_{std::move(context)},
      settings_{std::move(settings)},
      log_{settings_},
      turns_{settings_.connections},
      connector_{context_.connector_for(settings_)},
      not_carried_{"connections that were reset because they could not be carried",
                   LogKind::forwards, settings_.log_tag},
      shared_by_connections_{.owner_executor = context_.executor,
                             .owner = *this,
                             .settings = settings_,
                             .first_failure = first_failure,
                             .connector = *connector_,
                             .windows = context_.windows,
                             .random = context_.random,
                             .not_carried = not_carried_},
      listeners_{context_, settings_, first_failure,
                 [this](const Forward& forward, Accepted accepted) {
                     on_connected(forward, std::move(accepted));
                 }},
      held_{context_.executor, [this](LocalConnection connection) { place(std::move(connection)); },
            [this] { drain_connections_if_none_held(); },
            [this](const std::exception_ptr& thrown) {
                log_.error("{}", text_of_exception(thrown));
            }},
      connections_{context_.executor, [this](const std::exception_ptr& thrown) {
                       log_.error("{}", text_of_exception(thrown));
                   }} {
    const Identities identities{settings_};
    for (std::size_t i = 0; i < settings_.connections; ++i) {
        connections_.add(std::make_unique<ClientConnection>(context_.next_thread(),
                                                            shared_by_connections_, i, identities));
    }
}

awaitable<void> Tunnel::run() {
    std::exception_ptr why;
    TaskGroup reporting{context_.executor, [this](const std::exception_ptr& thrown) {
                            log_.error("{}", text_of_exception(thrown));
                        }};
    try {
        co_await listeners_.bind();
        context_.on_change();
        connections_.start();
        reporting.spawn(report_not_carried());
        co_await over_.wait();
        why = why_over_;
    } catch (...) {
        why = std::current_exception();
    }
    co_await uncancellable();
    // From here on no connection is told anything: it may be gone before it hears of it.
    life_ = Life::ending;
    co_await listeners_.join();
    co_await reporting.join();
    co_await held_.join();
    co_await connections_.join();
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
    if (life_ == Life::ending) return;
    life_ = Life::draining;
    listeners_.close();
    drain_connections_if_none_held();
}

void Tunnel::hand_over(const std::set<std::uint16_t>& ports) {
    if (life_ == Life::draining) return;
    listeners_.hand_over(ports);
    drain();
}

void Tunnel::drain_connections_if_none_held() {
    if (life_ == Life::draining && held_.count() == 0) connections_.drain();
}

void Tunnel::end() {
    if (std::exchange(life_, Life::ending) != Life::ending) connections_.end();
}

std::size_t Tunnel::open_streams() const noexcept {
    return held_.count() + connections_.open_streams();
}

TunnelStatus Tunnel::status() const {
    TunnelStatus status;
    status.name = settings_.name;
    status.log_tag = settings_.log_tag;
    status.required = settings_.required;
    status.listeners_tried = listeners_.tried();
    status.has_been_up = known_.identity.has_value();
    status.connections = settings_.connections;
    status.up = turns_.up();
    status.failure = failure_;
    status.streams = open_streams();
    status.not_bound = listeners_.not_bound();
    return status;
}

// ---------------------------------------------------------------------- what connects

void Tunnel::on_connected(const Forward& forward, Accepted accepted) {
    const bool hold = settings_.while_down == WhileDown::hold;
    if (!connections_.any_ready()) connections_.hurry();
    place({.accepted = std::move(accepted),
           .forward = &forward,
           .held_until = Deadline{hold ? settings_.hold_for : Duration::zero()}});
}

void Tunnel::place(LocalConnection connection) {
    const bool may_be_carried = life_ != Life::ending;
    if (may_be_carried && connections_.carry(connection)) return;
    if (may_be_carried && !connection.held_until.passed()) {
        held_.hold(std::move(connection));
        return;
    }
    not_carried_.log(LogLevel::info, "the tunnel is down", "{} -> {}: reset, the tunnel is down",
                     to_string(connection.accepted.remote), leads_to(*connection.forward));
}

// ---------------------------------------------------------------------- what connections ask

awaitable<std::optional<PublicKey>> Tunnel::wait_for_turn(std::size_t index) {
    co_await turns_.take(index);
    co_return known_.identity;
}

awaitable<void> Tunnel::check_host_key(PublicKey key) {
    co_await culvert::check_host_key(settings_, key, context_.ask, context_.random,
                                     known_.host_key);
}

void Tunnel::on_ready(std::size_t index) {
    connections_.on_ready(index);
    held_.place_all();
}

void Tunnel::on_up(std::size_t index, const PublicKey& accepted) {
    turns_.on_up(index);
    known_.identity = accepted;
    context_.on_change();
}

void Tunnel::on_lost(std::size_t index, const std::string& why) {
    connections_.on_not_ready(index);
    turns_.on_lost(index);
    failure_ = why;
    context_.on_change();
    // They came while it was trying: a wait that begins now is too long for them as well.
    if (held_.count() > 0) connections_.hurry();
}

void Tunnel::on_over(std::size_t index, const std::exception_ptr& why) {
    connections_.on_over(index);
    turns_.on_over(index);
    if (why && turns_.up() > 0) {
        log_.failure(why, "; the tunnel's other connections go on");
    } else if (why) {
        why_over_ = why;
        over_.set();
    }
    if (connections_.all_over()) over_.set();
    context_.on_change();
}

void Tunnel::on_not_carried(std::size_t index, LocalConnection connection) {
    connections_.on_not_ready(index);
    place(std::move(connection));
}

}  // namespace culvert
