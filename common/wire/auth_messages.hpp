#pragma once

#include "common/wire/message.hpp"

/// Messages 50 to 79: RFC 4252.
namespace culvert::msg {

/// The head of RFC 4252 5; the method's own fields follow.
struct UserauthRequest {
    static constexpr std::uint8_t number = 50;
    std::string_view user;
    std::string_view service;
    std::string_view method;

    static void fields(auto& m, auto&& each) { each(m.user, m.service, m.method); }
};

/// RFC 4252 5.1.
struct UserauthFailure {
    static constexpr std::uint8_t number = 51;
    NameList methods_that_can_continue;
    bool partial_success{};

    static void fields(auto& m, auto&& each) {
        each(m.methods_that_can_continue, m.partial_success);
    }
};

struct UserauthSuccess {
    static constexpr std::uint8_t number = 52;

    static void fields(auto&, auto&& each) { each(); }
};

/// RFC 4252 5.4.
struct UserauthBanner {
    static constexpr std::uint8_t number = 53;
    std::string_view message;
    std::string_view language;

    static void fields(auto& m, auto&& each) { each(m.message, m.language); }
};

/// RFC 4252 7: the answer to a key shown without a signature.
struct UserauthPkOk {
    static constexpr std::uint8_t number = 60;
    std::string_view algorithm;
    Bytes key;

    static void fields(auto& m, auto&& each) { each(m.algorithm, m.key); }
};

}  // namespace culvert::msg
