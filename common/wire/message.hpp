#pragma once

#include <concepts>

#include "common/wire/protocol_error.hpp"
#include "common/wire/reader.hpp"
#include "common/wire/writer.hpp"

namespace culvert {

// A message is a struct with `number` and one function `fields` that names its fields in wire
// order; both codecs follow from it. Fields of view types live as long as the payload read from.

template <class Type>
concept Message = requires {
    { Type::number } -> std::convertible_to<std::uint8_t>;
};

/// Reads the named fields off the front; what follows them is the caller's.
template <class Fields>
Fields decode_fields(Reader& in) {
    Fields read;
    Fields::fields(read, [&](auto&... field) { (in.get(field), ...); });
    return read;
}

template <class Fields>
void encode_fields(const Fields& written, ByteVector& to) {
    Writer out{to};
    Fields::fields(written, [&](const auto&... field) { (out.put(field), ...); });
}

/// The number and the named fields of a message whose type-specific data follow.
template <Message M>
M decode_head(Reader& in) {
    in.expect_number(M::number);
    return decode_fields<M>(in);
}

/// Throws ProtocolError if the payload is short, long, or another message.
template <Message M>
M decode(Bytes payload) {
    Reader in{payload};
    M message = decode_head<M>(in);
    in.expect_end();
    return message;
}

/// Appends the whole payload, the number first.
template <Message M>
void encode(const M& message, ByteVector& to) {
    to.push_back(std::byte{M::number});
    encode_fields(message, to);
}

template <Message M>
ByteVector encoded(const M& message) {
    ByteVector payload;
    encode(message, payload);
    return payload;
}

/// The message number of a payload; throws ProtocolError for an empty one.
inline std::uint8_t message_number(Bytes payload) {
    if (payload.empty()) throw ProtocolError{"an empty packet"};
    return std::to_integer<std::uint8_t>(payload.front());
}

}  // namespace culvert
