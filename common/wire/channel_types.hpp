#pragma once

#include <bitset>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>

#include "common/base/endpoint.hpp"
#include "common/wire/reader.hpp"

namespace culvert {

/// The peer is asked to connect to `target` (RFC 4254 7.2).
struct DirectTcpip {
    Endpoint target;
    Endpoint originator;

    friend bool operator==(const DirectTcpip&, const DirectTcpip&) = default;
};

/// A connection came to an address that the peer had us listen on (RFC 4254 7.2).
struct ForwardedTcpip {
    Endpoint bound;
    Endpoint originator;

    friend bool operator==(const ForwardedTcpip&, const ForwardedTcpip&) = default;
};

/// As DirectTcpip, to a Unix socket (OpenSSH PROTOCOL 2.4).
struct DirectStreamlocal {
    std::string path;

    friend bool operator==(const DirectStreamlocal&, const DirectStreamlocal&) = default;
};

/// As ForwardedTcpip, at a Unix socket (OpenSSH PROTOCOL 2.4).
struct ForwardedStreamlocal {
    std::string path;

    friend bool operator==(const ForwardedStreamlocal&, const ForwardedStreamlocal&) = default;
};

/// What a channel carries: its type with the type's own fields. Hosts, paths and ports are the
/// peer's words: nothing of them is checked or escaped. A port beyond 65535 reads as 0, an
/// originator's as 65535.
using ChannelType =
    std::variant<DirectTcpip, ForwardedTcpip, DirectStreamlocal, ForwardedStreamlocal>;

/// Which of them, by their place in the variant.
using ChannelTypes = std::bitset<std::variant_size_v<ChannelType>>;

/// The place of a type: `ChannelTypes{}.set(place_of<DirectTcpip>)`.
template <class Type>
constexpr std::size_t place_of = []<std::size_t... Places>(std::index_sequence<Places...>) {
    return ((std::is_same_v<Type, std::variant_alternative_t<Places, ChannelType>> ? Places : 0) +
            ...);
}(std::make_index_sequence<std::variant_size_v<ChannelType>>{});

/// The name in a CHANNEL_OPEN.
std::string_view name_of(const ChannelType& type) noexcept;
/// The place of the type of that name; nothing for a name that is none of these.
std::optional<std::size_t> place_of_name(std::string_view name) noexcept;

/// Appends the type's own fields.
void encode_fields(const ChannelType& type, ByteVector& to);

/// Reads the own fields of the type at that place, to the end. Throws ProtocolError for fields that
/// are short or long.
ChannelType decode_channel_type(std::size_t place, Reader& in);

}  // namespace culvert
