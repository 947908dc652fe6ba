#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "common/base/ip_address.hpp"
#include "common/base/time.hpp"
#include "common/connection/window_budget.hpp"
#include "common/crypto/random.hpp"
#include "common/keys/private_key.hpp"
#include "common/net/resolver.hpp"
#include "server/admission.hpp"
#include "server/broker.hpp"
#include "server/config.hpp"
#include "server/key_reader.hpp"
#include "server/server_connection.hpp"

namespace culvert {

/// What a daemon serves with: swapped whole when it reloads.
struct Served {
    std::shared_ptr<const ServerConfig> config;
    std::shared_ptr<const PrivateKey> host_key;
};

/// What asks the system on behalf of a daemon that serves so. Both references outlive it.
using MakeBroker = std::function<std::shared_ptr<Broker>(const Served& served, Resolver& resolver,
                                                         KeyReader& key_reader)>;
std::shared_ptr<Broker> make_system_broker(const Served& served, Resolver& resolver,
                                           KeyReader& key_reader);

/// Everything that connections are served with: what a reload swaps, and what stays for the
/// daemon's life. It outlives the connections.
class ServerResources {
public:
    explicit ServerResources(Served served, MakeBroker make_broker = make_system_broker);

    const Served& served() const noexcept { return served_; }
    const ServerConfig& config() const noexcept { return *served_.config; }
    Broker& broker() noexcept { return *broker_; }

    /// For a configuration that replace() is to follow with.
    std::shared_ptr<Broker> broker_for(const Served& fresh);
    /// From here on new connections are served so.
    void replace(Served fresh, std::shared_ptr<Broker> its_broker) noexcept;

    /// Empty: turned away.
    std::optional<Admission::Ticket> admit(const IpAddress& source);
    /// For one new connection.
    ServerContext context();

    ServerRepeatLimits& repeats() noexcept { return repeats_; }
    /// Logs what was counted in spans that are over; to be called once in a while.
    void report_repeats(TimePoint now);
    /// For the end of the program: what has been counted since.
    void log_rest_of_repeats();

    /// To be called before the io_contexts of those who ask the broker go: a name may still be
    /// looked up, or a file read, for a connection that is gone, and the answer must not reach for
    /// its io_context.
    void close();

private:
    MakeBroker make_broker_;
    Served served_;
    std::shared_ptr<WindowBudget> windows_;
    SystemRandom random_;
    Resolver resolver_;
    KeyReader key_reader_;
    std::shared_ptr<Broker> broker_;
    Admission admission_{random_};
    ServerRepeatLimits repeats_;
};

}  // namespace culvert
