#pragma once

#include <cstdint>

#include "common/wire/transport_messages.hpp"

namespace culvert {

// What a message's number says about its place (RFC 4250 4.1.1): 1 to 19 are generic, 20 to 29
// negotiate, 30 to 49 belong to the key exchange method, and from 50 on they are of the layers
// above.

inline constexpr std::uint8_t first_of_connection = 80;

constexpr bool is_of_key_exchange(std::uint8_t number) noexcept {
    return number > 19 && number < 50;
}

/// Between KEXINIT and NEWKEYS. SERVICE_REQUEST and SERVICE_ACCEPT are the two generic messages
/// that RFC 4253 7.1 forbids there.
constexpr bool waits_for_key_exchange(std::uint8_t number) noexcept {
    return number >= 50 || number == msg::ServiceRequest::number ||
           number == msg::ServiceAccept::number;
}

/// Of the layers above; 192 and what follows is for local extensions.
constexpr bool is_of_layers_above(std::uint8_t number) noexcept {
    return waits_for_key_exchange(number) && number < 192;
}

}  // namespace culvert
