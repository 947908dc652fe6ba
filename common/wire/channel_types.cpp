#include "common/wire/channel_types.hpp"

#include <algorithm>
#include <array>

#include "common/wire/connection_messages.hpp"
#include "common/wire/ports.hpp"

namespace culvert {
namespace {

constexpr std::array<std::string_view, std::variant_size_v<ChannelType>> names{
    "direct-tcpip", "forwarded-tcpip", "direct-streamlocal@openssh.com",
    "forwarded-streamlocal@openssh.com"};

void encode_tcpip(const Endpoint& end, const Endpoint& originator, ByteVector& to) {
    encode_fields(msg::TcpipChannel{end.host, end.port, originator.host, originator.port}, to);
}

struct Encoder {
    ByteVector& to;

    void operator()(const DirectTcpip& type) const {
        encode_tcpip(type.target, type.originator, to);
    }
    void operator()(const ForwardedTcpip& type) const {
        encode_tcpip(type.bound, type.originator, to);
    }
    void operator()(const DirectStreamlocal& type) const {
        encode_fields(msg::DirectStreamlocalChannel{type.path}, to);
    }
    void operator()(const ForwardedStreamlocal& type) const {
        encode_fields(msg::ForwardedStreamlocalChannel{type.path}, to);
    }
};

template <class Type>
Type decode_tcpip(Reader& in) {
    const auto fields = decode_fields<msg::TcpipChannel>(in);
    return {{std::string{fields.host}, port_or_0(fields.port)},
            {std::string{fields.originator_host}, port_or_last(fields.originator_port)}};
}

ChannelType decode_fields_of(std::size_t place, Reader& in) {
    switch (place) {
        case place_of<DirectTcpip>:
            return decode_tcpip<DirectTcpip>(in);
        case place_of<ForwardedTcpip>:
            return decode_tcpip<ForwardedTcpip>(in);
        case place_of<DirectStreamlocal>:
            return DirectStreamlocal{
                std::string{decode_fields<msg::DirectStreamlocalChannel>(in).path}};
        default:
            return ForwardedStreamlocal{
                std::string{decode_fields<msg::ForwardedStreamlocalChannel>(in).path}};
    }
}

}  // namespace

std::string_view name_of(const ChannelType& type) noexcept { return names[type.index()]; }

std::optional<std::size_t> place_of_name(std::string_view name) noexcept {
    const auto found = std::ranges::find(names, name);
    if (found == names.end()) return std::nullopt;
    return static_cast<std::size_t>(found - names.begin());
}

void encode_fields(const ChannelType& type, ByteVector& to) { std::visit(Encoder{to}, type); }

ChannelType decode_channel_type(std::size_t place, Reader& in) {
    ChannelType type = decode_fields_of(place, in);
    in.expect_end();
    return type;
}

}  // namespace culvert
