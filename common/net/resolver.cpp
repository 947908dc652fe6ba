#include "common/net/resolver.hpp"

#include <netdb.h>

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>

#include "common/net/timeout.hpp"

namespace culvert {
namespace {

// RFC 1035 3.1: 255 octets on the wire are 253 characters; one more for the root's dot.
constexpr std::size_t longest_name = 254;

asio::ip::address unmapped(const asio::ip::address& address) {
    if (address.is_v6() && address.to_v6().is_v4_mapped()) {
        return asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6());
    }
    return address;
}

Resolved endpoints(const std::vector<asio::ip::address>& addresses, std::uint16_t port,
                   AddressFamily family) {
    std::vector<asio::ip::tcp::endpoint> found;
    for (const auto& listed : addresses) {
        const auto address = unmapped(listed);
        if (family == AddressFamily::any || family == family_of(address)) {
            found.emplace_back(address, port);
        }
    }
    if (!found.empty()) return found;
    if (addresses.empty()) return lookup_failure(EAI_NONAME, 0);
    const std::string text =
        family == AddressFamily::v4 ? "it has no IPv4 address" : "it has no IPv6 address";
    return DialFailure{DialFailure::Kind::name_not_found, text, text};
}

/// `localhost`, in any case and with the root's dot or without.
bool is_localhost(std::string_view host) {
    constexpr std::string_view name = "localhost";
    if (host.ends_with('.')) host.remove_suffix(1);
    return std::ranges::equal(host, name, {}, [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
    });
}

std::vector<asio::ip::address> loopback_addresses() {
    return {asio::ip::address_v4::loopback(), asio::ip::address_v6::loopback()};
}

}  // namespace

awaitable<Resolved> Resolver::resolve(std::string host, std::uint16_t port, AddressFamily family,
                                      Deadline deadline) {
    // The C library would take what precedes a zero byte for all of the name.
    if (host.empty() || host.size() > longest_name || host.find('\0') != std::string::npos) {
        co_return lookup_failure(EAI_NONAME, 0);
    }
    if (const auto address = parse_address(host)) co_return endpoints({*address}, port, family);

    // RFC 6761 6.3: the name is loopback whatever a hosts file says of it, and a service may listen
    // in one family only.
    if (is_localhost(host)) co_return endpoints(loopback_addresses(), port, family);

    const auto answer =
        co_await with_timeout(pool_.look_up(std::move(host), family), deadline.left());
    if (!answer) {
        DialFailure failure = timed_out(deadline);
        failure.details = "looking up the name " + failure.text;
        co_return failure;
    }
    const Lookup& lookup = **answer;
    if (lookup.error != 0) co_return lookup_failure(lookup.error, lookup.system_error);
    co_return endpoints(lookup.addresses, port, family);
}

}  // namespace culvert
