#include "server/server_resources.hpp"

#include <cstdint>
#include <utility>

#include "common/base/machine_memory.hpp"
#include "common/log/log.hpp"
#include "server/system_broker.hpp"

namespace culvert {
namespace {

std::uint64_t window_memory(const ServerConfig& config) noexcept {
    return config.limits.window_memory.value_or(default_window_memory(machine_memory()));
}

}  // namespace

std::shared_ptr<Broker> make_system_broker(const Served& served, Resolver& resolver,
                                           KeyReader& key_reader) {
    return std::make_shared<SystemBroker>(served.config, served.host_key, resolver, key_reader);
}

ServerResources::ServerResources(Served served, MakeBroker make_broker)
    : make_broker_{std::move(make_broker)},
      served_{std::move(served)},
      windows_{std::make_shared<WindowBudget>(window_memory(*served_.config))},
      broker_{broker_for(served_)} {}

std::shared_ptr<Broker> ServerResources::broker_for(const Served& fresh) {
    return make_broker_(fresh, resolver_, key_reader_);
}

void ServerResources::replace(Served fresh, std::shared_ptr<Broker> its_broker) noexcept {
    served_ = std::move(fresh);
    broker_ = std::move(its_broker);
    windows_->set_limit(window_memory(*served_.config));
}

std::optional<Admission::Ticket> ServerResources::admit(const IpAddress& source) {
    return admission_.admit(source, config().limits);
}

ServerContext ServerResources::context() {
    return {served_.config, windows_, broker_, random_, repeats_};
}

void ServerResources::report_repeats(TimePoint now) {
    repeats_.for_each([now](RepeatLimit& limit) { limit.report(LogLevel::info, now); });
    repeats_.probes.report(now);
}

void ServerResources::log_rest_of_repeats() {
    repeats_.for_each([](RepeatLimit& limit) { limit.log_rest(LogLevel::info); });
    repeats_.probes.log_rest();
}

void ServerResources::close() {
    resolver_.close();
    key_reader_.close();
}

}  // namespace culvert
