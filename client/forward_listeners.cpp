#include "client/forward_listeners.hpp"

#include <utility>

#include "client/forward_spec.hpp"
#include "common/base/error.hpp"
#include "common/log/log.hpp"
#include "common/net/pause.hpp"
#include "common/net/tcp_options.hpp"

namespace culvert {
namespace {

constexpr Duration bind_lookup_time = std::chrono::seconds{10};
/// How often `up` tries a port that another program has.
constexpr Duration bind_retry_time = std::chrono::seconds{5};

}  // namespace

ForwardListeners::ForwardListeners(const ClientContext& context, const TunnelSettings& settings,
                                   FirstFailure first_failure, OnConnected on_connected)
    : context_{context},
      settings_{settings},
      log_{settings},
      first_failure_{first_failure},
      on_connected_{std::move(on_connected)},
      binding_{context.executor, [this](const std::exception_ptr& thrown) {
                   log_.error("a forward ended: {}", text_of_exception(thrown));
                   context_.on_change();
               }} {
    for (const LocalForward& forward : settings_.forwards) {
        inbounds_.push_back(std::make_unique<Inbound>(context_.executor, forward,
                                                      static_cast<InboundOwner&>(*this)));
    }
}

awaitable<void> ForwardListeners::bind() {
    std::size_t bound = 0;
    const bool may_come = first_failure_ == FirstFailure::is_outlived;
    for (const auto& inbound : inbounds_) {
        const bool is_bound = co_await bind(*inbound, OnFailure::say_so);
        if (is_bound) {
            ++bound;
        } else if (may_come && !closed_) {
            binding_.spawn(bind_later(*inbound));
        }
    }
    if (bound == 0 && !inbounds_.empty() && !may_come) {
        throw Error{ErrorKind::network, "no forward could be set up"};
    }
    tried_ = true;
}

awaitable<bool> ForwardListeners::bind(Inbound& inbound, OnFailure on_failure) {
    std::shared_ptr<Listener> listener;
    try {
        const auto endpoints =
            co_await listen_endpoints(context_.resolver, listens_at(inbound.forward()),
                                      settings_.family, Deadline{bind_lookup_time});
        if (closed_) co_return false;
        listener = context_.handover->listen(context_.executor, endpoints);
    } catch (const std::exception&) {
        const std::exception_ptr why = std::current_exception();
        if (settings_.exit_on_forward_failure || is_operation_aborted(why)) throw;
        const bool again = first_failure_ == FirstFailure::is_outlived;
        if (on_failure == OnFailure::say_so) {
            log_.failure(why, again ? "; trying again every 5 s" : "");
        }
        co_return false;
    }
    for (const auto& bound : listener->bound()) {
        log_.info("{}", ready_line(to_endpoint(bound), inbound.forward()));
    }
    inbound.listen(std::move(listener));
    co_return true;
}

awaitable<void> ForwardListeners::bind_later(Inbound& inbound) {
    for (;;) {
        co_await pause(bind_retry_time);
        const bool bound = co_await bind(inbound, OnFailure::keep_quiet);
        if (!bound) continue;
        context_.on_change();
        co_return;
    }
}

std::vector<std::string> ForwardListeners::not_bound() const {
    std::vector<std::string> all;
    if (!tried_ || closed_) return all;
    for (const auto& inbound : inbounds_) {
        if (!inbound->is_bound()) all.push_back(to_string(listens_at(inbound->forward())));
    }
    return all;
}

void ForwardListeners::close() noexcept {
    closed_ = true;
    binding_.cancel();
    for (const auto& inbound : inbounds_) inbound->close();
}

void ForwardListeners::hand_over(const std::set<std::uint16_t>& ports) {
    for (const auto& inbound : inbounds_) {
        if (!inbound->is_bound()) continue;
        if (ports.contains(inbound->bound().front().port())) {
            context_.handover->add(inbound->release());
        } else {
            inbound->accept_rest_and_close();
        }
    }
}

awaitable<void> ForwardListeners::join() {
    close();
    co_await binding_.join();
    for (const auto& inbound : inbounds_) co_await inbound->join();
}

// ---------------------------------------------------------------------- what the inbound ends tell

void ForwardListeners::on_connected(const Inbound& inbound, Accepted accepted) {
    // Until a stream decides otherwise: the death of this process must not look like a clean end.
    (void)set_on_close(accepted.fd.get(), OnClose::reset);
    on_connected_(inbound.forward(), std::move(accepted));
}

void ForwardListeners::on_exhausted(std::error_code why) {
    log_.error("accepting no connections for now: {}", why.message());
}

void ForwardListeners::on_recovered(std::size_t failures) {
    log_.info("accepting connections again, after {} failures", failures);
}

void ForwardListeners::on_failed(const Inbound&, const std::exception_ptr& why) {
    log_.error("a forward ended: {}", text_of_exception(why));
    context_.on_change();
}

}  // namespace culvert
