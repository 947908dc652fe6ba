#pragma once

#include <doctest/doctest.h>

#include <string_view>

#include "common/wire/message.hpp"
#include "tests/unit/common/crypto/hex.hpp"

namespace culvert::test {

/// `message` is these bytes, these bytes are that message again, and nothing that is shorter,
/// longer or of another number is.
template <Message M>
void check_codec(const M& message, std::string_view bytes_in_hex) {
    CAPTURE(bytes_in_hex);
    const ByteVector payload = encoded(message);
    CHECK(hex(payload) == bytes_in_hex);
    CHECK(message_number(payload) == M::number);
    CHECK(encoded(decode<M>(payload)) == payload);

    for (std::size_t length = 0; length < payload.size(); ++length) {
        CAPTURE(length);
        CHECK_THROWS_AS(decode<M>(Bytes{payload}.first(length)), ProtocolError);
    }
    ByteVector longer = payload;
    longer.push_back(std::byte{0});
    CHECK_THROWS_AS(decode<M>(longer), ProtocolError);
    ByteVector other = payload;
    other.front() ^= std::byte{1};
    CHECK_THROWS_AS(decode<M>(other), ProtocolError);
}

}  // namespace culvert::test
