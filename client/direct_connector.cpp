#include "client/direct_connector.hpp"

#include <utility>

#include <fmt/format.h>

#include "client/ssh_config_hint.hpp"
#include "common/base/error.hpp"
#include "common/base/escape.hpp"
#include "common/base/host_name.hpp"
#include "common/net/tcp_options.hpp"

namespace culvert {

awaitable<StreamSocket> DirectConnector::connect() {
    auto dialed =
        co_await dial(resolver_, settings_.server, options(), Deadline{settings_.connect_timeout});
    if (const auto* failure = std::get_if<DialFailure>(&dialed)) {
        throw Error{ErrorKind::network, failure->details,
                    Hint{ssh_config_hint(settings_.ssh_config, settings_.named_host)}};
    }
    auto socket = std::get<StreamSocket>(std::move(dialed));
    if (settings_.tcp_keepalive) (void)set_tcp_keepalive(socket.native_handle(), TcpKeepalive::on);
    co_return socket;
}

/// Read at each try: the zone of an address may come and go with its interface.
DialOptions DirectConnector::options() const {
    DialOptions options;
    options.family = settings_.family;
    if (!settings_.bind_address) return options;
    const auto address = parse_address(canonical_host(*settings_.bind_address));
    if (!address) {
        throw Error{ErrorKind::config, fmt::format("bind address {}: not an IP address",
                                                   escaped(*settings_.bind_address))};
    }
    if (const auto why = zone_unknown(*settings_.bind_address)) {
        throw Error{ErrorKind::network,
                    fmt::format("bind address {}: {}", escaped(*settings_.bind_address), *why)};
    }
    options.bind.emplace(*address, std::uint16_t{0});
    return options;
}

}  // namespace culvert
