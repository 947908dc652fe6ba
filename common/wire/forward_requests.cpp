#include "common/wire/forward_requests.hpp"

#include <array>

#include <fmt/format.h>

#include "common/wire/connection_messages.hpp"
#include "common/wire/ports.hpp"
#include "common/wire/protocol_error.hpp"

namespace culvert {
namespace {

constexpr std::array<std::string_view, std::variant_size_v<ForwardRequest>> request_names{
    "tcpip-forward", "cancel-tcpip-forward", "streamlocal-forward@openssh.com",
    "cancel-streamlocal-forward@openssh.com"};

struct RequestEncoder {
    ByteVector& to;

    void operator()(const auto& request) const {
        if constexpr (requires { request.bound; }) {
            encode_fields(msg::TcpipForward{request.bound.host, request.bound.port}, to);
        } else {
            encode_fields(msg::StreamlocalForward{request.path}, to);
        }
    }
};

Endpoint decode_bound(Reader& in) {
    const auto fields = decode_fields<msg::TcpipForward>(in);
    if (fields.port > last_port) {
        throw ProtocolError{fmt::format("a remote forward at port {}", fields.port)};
    }
    return {std::string{fields.host}, static_cast<std::uint16_t>(fields.port)};
}

std::string decode_path(Reader& in) {
    return std::string{decode_fields<msg::StreamlocalForward>(in).path};
}

ForwardRequest decode_request_at(std::size_t place, Reader& in) {
    switch (place) {
        case 0:
            return TcpipForward{decode_bound(in)};
        case 1:
            return CancelTcpipForward{decode_bound(in)};
        case 2:
            return StreamlocalForward{decode_path(in)};
        default:
            return CancelStreamlocalForward{decode_path(in)};
    }
}

}  // namespace

std::string_view name_of(const ForwardRequest& request) noexcept {
    return request_names[request.index()];
}

void encode_fields(const ForwardRequest& request, ByteVector& to) {
    std::visit(RequestEncoder{to}, request);
}

std::optional<ForwardRequest> decode_forward_request(std::string_view name, Reader& in) {
    for (std::size_t place = 0; place < request_names.size(); ++place) {
        if (request_names[place] != name) continue;
        ForwardRequest request = decode_request_at(place, in);
        in.expect_end();
        return request;
    }
    return std::nullopt;
}

}  // namespace culvert
