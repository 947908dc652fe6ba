#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "common/base/endpoint.hpp"
#include "common/wire/reader.hpp"

namespace culvert {

/// Listen there, and open a forwarded-tcpip channel for each connection (RFC 4254 7.1). With port 0
/// the answer names the one that was chosen.
struct TcpipForward {
    Endpoint bound;

    friend bool operator==(const TcpipForward&, const TcpipForward&) = default;
};

/// Stop listening there (RFC 4254 7.1).
struct CancelTcpipForward {
    Endpoint bound;

    friend bool operator==(const CancelTcpipForward&, const CancelTcpipForward&) = default;
};

/// As TcpipForward, at a Unix socket (OpenSSH PROTOCOL 2.4).
struct StreamlocalForward {
    std::string path;

    friend bool operator==(const StreamlocalForward&, const StreamlocalForward&) = default;
};

struct CancelStreamlocalForward {
    std::string path;

    friend bool operator==(const CancelStreamlocalForward&,
                           const CancelStreamlocalForward&) = default;
};

/// A global request about a remote forward. Hosts, paths and ports are the peer's words. A port
/// beyond 65535 is a ProtocolError: 0 would ask for a port of our choice.
using ForwardRequest =
    std::variant<TcpipForward, CancelTcpipForward, StreamlocalForward, CancelStreamlocalForward>;

/// The name in a GLOBAL_REQUEST.
std::string_view name_of(const ForwardRequest& request) noexcept;

/// Appends the request's own fields.
void encode_fields(const ForwardRequest& request, ByteVector& to);

/// Reads them to the end; nothing for a name that is none of these. Throws ProtocolError for fields
/// that are short or long.
std::optional<ForwardRequest> decode_forward_request(std::string_view name, Reader& in);

}  // namespace culvert
