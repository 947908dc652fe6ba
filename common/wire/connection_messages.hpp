#pragma once

#include "common/base/strong.hpp"
#include "common/wire/message.hpp"

namespace culvert {

/// A channel's number at one of its two ends (RFC 4254 5): each end picks its own.
using ChannelId = Strong<struct ChannelIdTag, std::uint32_t>;

/// SSH_OPEN_* of RFC 4254 5.1.
enum class OpenFailureReason : std::uint32_t {
    administratively_prohibited = 1,
    connect_failed = 2,
    unknown_channel_type = 3,
    resource_shortage = 4,
};

}  // namespace culvert

/// Messages 80 to 127: RFC 4254.
namespace culvert::msg {

/// The head of RFC 4254 4; the request's own fields follow.
struct GlobalRequest {
    static constexpr std::uint8_t number = 80;
    std::string_view type;
    bool want_reply{};

    static void fields(auto& m, auto&& each) { each(m.type, m.want_reply); }
};

/// The head of RFC 4254 4; what the request defines as its answer follows.
struct RequestSuccess {
    static constexpr std::uint8_t number = 81;

    static void fields(auto&, auto&& each) { each(); }
};

struct RequestFailure {
    static constexpr std::uint8_t number = 82;

    static void fields(auto&, auto&& each) { each(); }
};

/// What follows a GlobalRequest of type tcpip-forward or cancel-tcpip-forward (RFC 4254 7.1).
struct TcpipForward {
    std::string_view host;
    std::uint32_t port{};

    static void fields(auto& m, auto&& each) { each(m.host, m.port); }
};

/// What a RequestSuccess says behind its head where port 0 was asked for (RFC 4254 7.1).
struct BoundPort {
    std::uint32_t port{};

    static void fields(auto& m, auto&& each) { each(m.port); }
};

/// What follows a GlobalRequest of type streamlocal-forward@openssh.com, or of the one that cancels
/// it (OpenSSH PROTOCOL 2.4).
struct StreamlocalForward {
    std::string_view path;

    static void fields(auto& m, auto&& each) { each(m.path); }
};

/// The head of RFC 4254 5.1; the channel type's own fields follow.
struct ChannelOpen {
    static constexpr std::uint8_t number = 90;
    std::string_view type;
    ChannelId sender{};
    std::uint32_t initial_window{};
    std::uint32_t maximum_packet{};

    static void fields(auto& m, auto&& each) {
        each(m.type, m.sender, m.initial_window, m.maximum_packet);
    }
};

/// What follows a ChannelOpen of type direct-tcpip or forwarded-tcpip (RFC 4254 7.2).
struct TcpipChannel {
    std::string_view host;  ///< to connect to; for forwarded-tcpip the address connected
    std::uint32_t port{};
    std::string_view originator_host;
    std::uint32_t originator_port{};

    static void fields(auto& m, auto&& each) {
        each(m.host, m.port, m.originator_host, m.originator_port);
    }
};

/// What follows a ChannelOpen of type direct-streamlocal@openssh.com (OpenSSH PROTOCOL 2.4).
struct DirectStreamlocalChannel {
    std::string_view path;
    std::string_view reserved{};
    std::uint32_t reserved_number{};

    static void fields(auto& m, auto&& each) { each(m.path, m.reserved, m.reserved_number); }
};

/// What follows a ChannelOpen of type forwarded-streamlocal@openssh.com (OpenSSH PROTOCOL 2.4).
struct ForwardedStreamlocalChannel {
    std::string_view path;
    std::string_view reserved{};

    static void fields(auto& m, auto&& each) { each(m.path, m.reserved); }
};

/// The head of RFC 4254 5.1; no channel type that we open adds to it.
struct ChannelOpenConfirmation {
    static constexpr std::uint8_t number = 91;
    ChannelId recipient{};
    ChannelId sender{};
    std::uint32_t initial_window{};
    std::uint32_t maximum_packet{};

    static void fields(auto& m, auto&& each) {
        each(m.recipient, m.sender, m.initial_window, m.maximum_packet);
    }
};

struct ChannelOpenFailure {
    static constexpr std::uint8_t number = 92;
    ChannelId recipient{};
    std::uint32_t reason{};  ///< OpenFailureReason, or what the peer made up
    std::string_view description;
    std::string_view language;

    static void fields(auto& m, auto&& each) {
        each(m.recipient, m.reason, m.description, m.language);
    }
};

/// RFC 4254 5.2.
struct ChannelWindowAdjust {
    static constexpr std::uint8_t number = 93;
    ChannelId recipient{};
    std::uint32_t bytes{};

    static void fields(auto& m, auto&& each) { each(m.recipient, m.bytes); }
};

struct ChannelData {
    static constexpr std::uint8_t number = 94;
    /// The bytes of a payload before the data: number, recipient, length.
    static constexpr std::size_t header_size = 9;
    ChannelId recipient{};
    Bytes data;

    static void fields(auto& m, auto&& each) { each(m.recipient, m.data); }
};

struct ChannelExtendedData {
    static constexpr std::uint8_t number = 95;
    ChannelId recipient{};
    std::uint32_t type{};
    Bytes data;

    static void fields(auto& m, auto&& each) { each(m.recipient, m.type, m.data); }
};

/// RFC 4254 5.3.
struct ChannelEof {
    static constexpr std::uint8_t number = 96;
    ChannelId recipient{};

    static void fields(auto& m, auto&& each) { each(m.recipient); }
};

struct ChannelClose {
    static constexpr std::uint8_t number = 97;
    ChannelId recipient{};

    static void fields(auto& m, auto&& each) { each(m.recipient); }
};

/// The head of RFC 4254 5.4; the request's own fields follow.
struct ChannelRequest {
    static constexpr std::uint8_t number = 98;
    ChannelId recipient{};
    std::string_view type;
    bool want_reply{};

    static void fields(auto& m, auto&& each) { each(m.recipient, m.type, m.want_reply); }
};

struct ChannelSuccess {
    static constexpr std::uint8_t number = 99;
    ChannelId recipient{};

    static void fields(auto& m, auto&& each) { each(m.recipient); }
};

struct ChannelFailure {
    static constexpr std::uint8_t number = 100;
    ChannelId recipient{};

    static void fields(auto& m, auto&& each) { each(m.recipient); }
};

}  // namespace culvert::msg
