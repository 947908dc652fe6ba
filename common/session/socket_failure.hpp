#pragma once

#include <system_error>

#include <fmt/format.h>
#include <asio/error.hpp>

#include "common/base/error.hpp"

namespace culvert {

/// The peer closed or reset the connection: what it said before may still be there to read.
inline bool is_of_peer(const std::error_code& code) {
    return code == asio::error::broken_pipe || code == asio::error::connection_reset;
}

inline Error lost(const std::error_code& code) {
    return Error{ErrorKind::network, fmt::format("the connection was lost: {}", code.message())};
}

}  // namespace culvert
