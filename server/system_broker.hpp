#pragma once

#include <memory>

#include "common/keys/private_key.hpp"
#include "common/net/resolver.hpp"
#include "server/broker.hpp"
#include "server/config.hpp"
#include "server/key_reader.hpp"

namespace culvert {

/// Does what it is asked for itself, by one configuration and with one host key.
class SystemBroker final : public Broker {
public:
    /// `resolver` and `key_reader` must outlive it.
    SystemBroker(std::shared_ptr<const ServerConfig> config,
                 std::shared_ptr<const PrivateKey> host_key, Resolver& resolver,
                 KeyReader& key_reader)
        : config_{std::move(config)},
          host_key_{std::move(host_key)},
          resolver_{resolver},
          key_reader_{key_reader} {}

    const PublicKey& host_key() const noexcept override { return host_key_->public_key(); }
    awaitable<ByteVector> sign_host_key(std::string algorithm, ByteVector data) override;
    awaitable<KeyLookup> look_up_key(KeyQuestion question) override;
    awaitable<Reached> connect(const Subject& subject, const DirectTcpip& wanted) override;
    awaitable<std::vector<asio::ip::tcp::endpoint>> resolve_bind_address(Endpoint where) override;
    awaitable<std::vector<UniqueFd>> bind(std::vector<asio::ip::tcp::endpoint> endpoints,
                                          std::vector<BoundSocket> before) override;

private:
    std::shared_ptr<const ServerConfig> config_;
    std::shared_ptr<const PrivateKey> host_key_;
    Resolver& resolver_;
    KeyReader& key_reader_;
};

}  // namespace culvert
