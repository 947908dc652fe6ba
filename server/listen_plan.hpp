#pragma once

#include <string>
#include <vector>

#include <asio/ip/tcp.hpp>

#include "common/base/endpoint.hpp"

namespace culvert {

/// One entry of `listen`, and what it comes to.
struct ListenEntry {
    Endpoint where;                                  ///< as it was written
    std::vector<asio::ip::tcp::endpoint> addresses;  ///< never empty
    std::vector<asio::ip::tcp::endpoint> to_bind{};  ///< those that no other entry covers

    friend bool operator==(const ListenEntry&, const ListenEntry&) = default;
};

/// Decides which addresses to bind: where one entry covers another's address, the kernel lets only
/// one socket listen. Entries of which nothing is left are taken out. Says which: "*:2222 covers
/// 10.0.0.2:2222". Of equal addresses the first stays. A free port (0) is each entry's own.
std::vector<std::string> drop_covered(std::vector<ListenEntry>& entries);

}  // namespace culvert
