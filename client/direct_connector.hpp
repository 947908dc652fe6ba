#pragma once

#include "client/settings.hpp"
#include "common/net/connector.hpp"
#include "common/net/dialer.hpp"
#include "common/net/resolver.hpp"

namespace culvert {

/// Connects to a tunnel's server over TCP, from the address and with the options of its settings.
class DirectConnector final : public Connector {
public:
    /// Both must outlive it.
    DirectConnector(const TunnelSettings& settings, Resolver& resolver) noexcept
        : settings_{settings}, resolver_{resolver} {}

    awaitable<StreamSocket> connect() override;

private:
    DialOptions options() const;

    const TunnelSettings& settings_;
    Resolver& resolver_;
};

}  // namespace culvert
