#include <fmt/format.h>

#include "common/base/escape.hpp"
#include "common/transport/transport.hpp"

namespace culvert {

std::string describe(const Transport& transport) {
    const Negotiated& agreed = transport.negotiated();
    const auto both_ways = [](const std::string& up, const std::string& down) {
        return up == down ? up : fmt::format("{} up, {} down", up, down);
    };
    return fmt::format(
        "{}, {}, {}, compression {}", escaped(transport.peer_version().value_or(""), 255),
        agreed.kex, both_ways(agreed.cipher_client_to_server, agreed.cipher_server_to_client),
        both_ways(agreed.compression_client_to_server, agreed.compression_server_to_client));
}

}  // namespace culvert
