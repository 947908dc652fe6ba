#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include <asio/ip/tcp.hpp>

#include "common/net/address.hpp"
#include "common/net/awaitable.hpp"
#include "common/net/deadline.hpp"
#include "common/net/dial_failure.hpp"
#include "common/net/lookup_pool.hpp"

namespace culvert {

/// At least one endpoint, in the order to try them, or why there is none.
using Resolved = std::variant<std::vector<asio::ip::tcp::endpoint>, DialFailure>;

/// Names to addresses, for all threads of a program; a slow name holds up no other one.
class Resolver {
public:
    /// A name server that never answers keeps a thread for 5 to 30 s: the forty forwards of one
    /// configuration, all to dead names, must leave some for the others' names.
    static constexpr LookupPool::Limits default_limits{.threads = 64};

    explicit Resolver(LookupPool::Limits limits = default_limits,
                      LookupPool::Function function = look_up)
        : pool_{limits, std::move(function)} {}

    /// Addresses written as such are answered at once, and so is `localhost`: 127.0.0.1 and ::1.
    /// IPv4 addresses in IPv6's clothes (::ffff:127.0.0.1) come out as the IPv4 addresses that
    /// connecting to them would reach, so that a policy sees what is meant. After `deadline` a
    /// failure is returned at once, while the look-up ends in the background. Any text is taken for
    /// a host.
    awaitable<Resolved> resolve(std::string host, std::uint16_t port, AddressFamily family,
                                Deadline deadline);

    /// To be called before the callers' io_contexts go, unless the resolver itself goes first. No
    /// call of resolve() may wait then.
    void close() { pool_.close(); }

private:
    LookupPool pool_;
};

}  // namespace culvert
