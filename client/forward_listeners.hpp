#pragma once

#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "client/client_context.hpp"
#include "client/retry_schedule.hpp"
#include "client/tunnel_log.hpp"
#include "common/forward/inbound.hpp"

namespace culvert {

/// The inbound ends of a tunnel's forwards: bound at the start, and under `up` as soon as another
/// program leaves a port.
class ForwardListeners final : private InboundOwner {
public:
    /// Takes what connected to one of the forwards.
    using OnConnected = std::function<void(const Forward& forward, Accepted accepted)>;

    /// `context` and `settings` must outlive it.
    ForwardListeners(const ClientContext& context, const TunnelSettings& settings,
                     FirstFailure first_failure, OnConnected on_connected);

    /// Tries each of them. Throws the Error of one that must not fail, or when none is bound and
    /// none may be later; operation_aborted when cancelled.
    awaitable<void> bind();
    /// Each is bound, or has failed once.
    bool tried() const noexcept { return tried_; }
    /// Where the others were to listen, as in `localhost:8080`; none once they are closed.
    std::vector<std::string> not_bound() const;

    /// The ports are free at once; what waits in the kernel is reset.
    void close() noexcept;
    /// Those on one of `ports` go to the context's handover, open; of the others what waits in the
    /// kernel is still taken.
    void hand_over(const std::set<std::uint16_t>& ports);
    /// Closes what is left, and returns when nothing of it runs.
    awaitable<void> join();

private:
    enum class OnFailure { say_so, keep_quiet };

    void on_connected(const Inbound& inbound, Accepted accepted) override;
    void on_exhausted(std::error_code why) override;
    void on_recovered(std::size_t failures) override;
    void on_failed(const Inbound& inbound, const std::exception_ptr& why) override;

    awaitable<bool> bind(Inbound& inbound, OnFailure on_failure);
    awaitable<void> bind_later(Inbound& inbound);

    const ClientContext& context_;
    const TunnelSettings& settings_;
    TunnelLog log_;
    FirstFailure first_failure_;
    OnConnected on_connected_;
    std::vector<std::unique_ptr<Inbound>> inbounds_;
    bool tried_ = false;
    bool closed_ = false;
    TaskGroup binding_;
};

}  // namespace culvert
