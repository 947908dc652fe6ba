#pragma once

#include <array>

#include "common/wire/message.hpp"

/// Messages 1 to 49 (RFC 4253, 8308, 8731) and OpenSSH's ping (PROTOCOL 1.8).
namespace culvert::msg {

/// RFC 4253 11.1.
struct Disconnect {
    static constexpr std::uint8_t number = 1;
    std::uint32_t reason{};  ///< DisconnectReason, or what the peer made up
    std::string_view description;
    std::string_view language;

    static void fields(auto& m, auto&& each) { each(m.reason, m.description, m.language); }
};

/// RFC 4253 11.2.
struct Ignore {
    static constexpr std::uint8_t number = 2;
    Bytes data;

    static void fields(auto& m, auto&& each) { each(m.data); }
};

/// RFC 4253 11.4.
struct Unimplemented {
    static constexpr std::uint8_t number = 3;
    std::uint32_t sequence_number{};

    static void fields(auto& m, auto&& each) { each(m.sequence_number); }
};

/// RFC 4253 11.3.
struct Debug {
    static constexpr std::uint8_t number = 4;
    bool always_display{};
    std::string_view message;
    std::string_view language;

    static void fields(auto& m, auto&& each) { each(m.always_display, m.message, m.language); }
};

/// RFC 4253 10.
struct ServiceRequest {
    static constexpr std::uint8_t number = 5;
    std::string_view service;

    static void fields(auto& m, auto&& each) { each(m.service); }
};

struct ServiceAccept {
    static constexpr std::uint8_t number = 6;
    std::string_view service;

    static void fields(auto& m, auto&& each) { each(m.service); }
};

/// The head of RFC 8308 2.3; `count` pairs of strings follow.
struct ExtInfo {
    static constexpr std::uint8_t number = 7;
    std::uint32_t count{};

    static void fields(auto& m, auto&& each) { each(m.count); }
};

/// RFC 4253 7.1.
struct KexInit {
    static constexpr std::uint8_t number = 20;
    std::array<std::byte, 16> cookie{};
    NameList kex_algorithms;
    NameList host_key_algorithms;
    NameList ciphers_client_to_server;
    NameList ciphers_server_to_client;
    NameList macs_client_to_server;
    NameList macs_server_to_client;
    NameList compression_client_to_server;
    NameList compression_server_to_client;
    NameList languages_client_to_server;
    NameList languages_server_to_client;
    bool first_kex_packet_follows{};
    std::uint32_t reserved{};

    static void fields(auto& m, auto&& each) {
        each(m.cookie, m.kex_algorithms, m.host_key_algorithms, m.ciphers_client_to_server,
             m.ciphers_server_to_client, m.macs_client_to_server, m.macs_server_to_client,
             m.compression_client_to_server, m.compression_server_to_client,
             m.languages_client_to_server, m.languages_server_to_client, m.first_kex_packet_follows,
             m.reserved);
    }
};

struct NewKeys {
    static constexpr std::uint8_t number = 21;

    static void fields(auto&, auto&& each) { each(); }
};

/// RFC 8731 3 in the form of RFC 5656 4.
struct KexEcdhInit {
    static constexpr std::uint8_t number = 30;
    Bytes client_public_key;

    static void fields(auto& m, auto&& each) { each(m.client_public_key); }
};

struct KexEcdhReply {
    static constexpr std::uint8_t number = 31;
    Bytes host_key;
    Bytes server_public_key;
    Bytes signature;

    static void fields(auto& m, auto&& each) { each(m.host_key, m.server_public_key, m.signature); }
};

/// OpenSSH PROTOCOL 1.8.
struct Ping {
    static constexpr std::uint8_t number = 192;
    Bytes data;

    static void fields(auto& m, auto&& each) { each(m.data); }
};

struct Pong {
    static constexpr std::uint8_t number = 193;
    Bytes data;

    static void fields(auto& m, auto&& each) { each(m.data); }
};

}  // namespace culvert::msg
