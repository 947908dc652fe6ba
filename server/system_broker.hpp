#pragma once

#include <memory>

#include "common/net/resolver.hpp"
#include "server/broker.hpp"
#include "server/config.hpp"
#include "server/key_reader.hpp"

namespace culvert {

/// Does what it is asked for itself, by one configuration.
class SystemBroker final : public Broker {
public:
    /// Both must outlive it.
    SystemBroker(std::shared_ptr<const ServerConfig> config, Resolver& resolver,
                 KeyReader& key_reader)
        : config_{std::move(config)}, resolver_{resolver}, key_reader_{key_reader} {}

    awaitable<KeyLookup> look_up_key(KeyQuestion question) override;
    awaitable<Reached> connect(const Subject& subject, const DirectTcpip& wanted) override;
    awaitable<std::vector<asio::ip::tcp::endpoint>> resolve_bind_address(Endpoint where) override;
    awaitable<std::vector<UniqueFd>> bind(std::vector<asio::ip::tcp::endpoint> endpoints,
                                          std::vector<BoundSocket> before) override;

private:
    std::shared_ptr<const ServerConfig> config_;
    Resolver& resolver_;
    KeyReader& key_reader_;
};

}  // namespace culvert
