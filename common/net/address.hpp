#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <asio/ip/address.hpp>
#include <asio/ip/tcp.hpp>

#include "common/base/endpoint.hpp"
#include "common/base/ip_address.hpp"

namespace culvert {

enum class AddressFamily : std::uint8_t { any, v4, v6 };

inline AddressFamily family_of(const asio::ip::address& address) {
    return address.is_v4() ? AddressFamily::v4 : AddressFamily::v6;
}

inline IpAddress to_ip_address(const asio::ip::address& address) {
    if (address.is_v4()) return IpAddress{address.to_v4().to_bytes()};
    return IpAddress{address.to_v6().to_bytes()};
}

/// An address written as such, in no other spelling than inet_pton's; empty for a name.
inline std::optional<asio::ip::address> parse_address(std::string_view text) {
    std::error_code not_one;
    const auto address = asio::ip::make_address(text, not_one);
    if (not_one) return std::nullopt;
    return address;
}

inline Endpoint to_endpoint(const asio::ip::tcp::endpoint& endpoint) {
    return {endpoint.address().to_string(), endpoint.port()};
}

/// `127.0.0.1:22`, `[::1]:22`
inline std::string to_string(const asio::ip::tcp::endpoint& endpoint) {
    return to_string(to_endpoint(endpoint));
}

}  // namespace culvert
