#include "common/net/lookup.hpp"

#include <netdb.h>

#include <cerrno>
#include <cstring>
#include <memory>

namespace culvert {
namespace {

int system_family(AddressFamily family) {
    switch (family) {
        case AddressFamily::v4:
            return AF_INET;
        case AddressFamily::v6:
            return AF_INET6;
        case AddressFamily::any:
            break;
    }
    return AF_UNSPEC;
}

}  // namespace

Lookup look_up(const std::string& host, AddressFamily family) {
    addrinfo hints{};
    hints.ai_family = system_family(family);
    hints.ai_socktype = SOCK_STREAM;  // each address once
    addrinfo* first = nullptr;
    Lookup lookup;
    lookup.error = getaddrinfo(host.c_str(), nullptr, &hints, &first);
    if (lookup.error != 0) {
        lookup.system_error = errno;
        return lookup;
    }
    const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> all{first, &freeaddrinfo};
    for (const addrinfo* info = first; info != nullptr; info = info->ai_next) {
        asio::ip::tcp::endpoint endpoint;
        if (info->ai_addrlen > endpoint.capacity()) continue;
        std::memcpy(endpoint.data(), info->ai_addr, info->ai_addrlen);
        lookup.addresses.push_back(endpoint.address());
    }
    return lookup;
}

}  // namespace culvert
