#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <doctest/doctest.h>

#include "client/options.hpp"
#include "common/base/error.hpp"
#include "tests/unit/common/config/made_up_environment.hpp"

/// Command lines as alice types them, with an agent at /run/agent.
namespace culvert::test {

using Words = std::vector<std::string>;

inline CommandLine parse(const Words& words) {
    return parse_command_line(words, made_up_environment({{"SSH_AUTH_SOCK", "/run/agent"}}));
}

inline TunnelSettings tunnel(const Words& words) {
    return std::get<TunnelCommand>(parse(words).command).tunnel;
}

/// The tunnel of `culvert gw 1:h:2` with -o.
inline TunnelSettings with_option(const std::string& option) {
    return tunnel({"-o", option, "gw", "1:h:2"});
}

inline std::string error_of(const Words& words) {
    try {
        parse(words);
    } catch (const Error& error) {
        CHECK(error.kind() == ErrorKind::usage);
        return error.what();
    }
    return "no error";
}

inline bool contains(const std::string& text, std::string_view part) {
    return text.find(part) != std::string::npos;
}

inline const LocalForward forward{"", 1, {"h", 2}};

}  // namespace culvert::test
