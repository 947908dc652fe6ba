#include "common/base/endpoint.hpp"

#include <arpa/inet.h>
#include <netdb.h>

#include <array>

#include <fmt/format.h>

#include "common/base/number.hpp"

namespace culvert {

std::string to_string(const Endpoint& endpoint) {
    const bool v6 = endpoint.host.find(':') != std::string::npos;
    return v6 ? fmt::format("[{}]:{}", endpoint.host, endpoint.port)
              : fmt::format("{}:{}", endpoint.host, endpoint.port);
}

std::optional<std::uint16_t> parse_port(std::string_view text) {
    if (const auto port = parse_number<std::uint16_t>(text)) return port;
    if (text.empty() || (text.front() >= '0' && text.front() <= '9')) return std::nullopt;

    servent entry{};
    servent* found = nullptr;
    std::array<char, 1024> strings{};
    const std::string name{text};
    if (getservbyname_r(name.c_str(), "tcp", &entry, strings.data(), strings.size(), &found) != 0 ||
        found == nullptr) {
        return std::nullopt;
    }
    return ntohs(static_cast<std::uint16_t>(found->s_port));
}

}  // namespace culvert
