#pragma once

#include <cstdint>
#include <string_view>

#include <fmt/format.h>

#include "common/wire/protocol_error.hpp"

namespace culvert {

/// A message that is legal elsewhere, or never.
inline ProtocolError unexpected_message(std::uint8_t number, std::string_view where) {
    return ProtocolError{fmt::format("message {} {}", number, where)};
}

}  // namespace culvert
