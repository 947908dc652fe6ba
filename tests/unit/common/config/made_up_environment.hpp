#pragma once

#include <map>
#include <string>
#include <utility>

#include "common/config/environment.hpp"

namespace culvert {

/// alice at /home/alice, with these environment variables and no others.
inline Environment made_up_environment(std::map<std::string, std::string> variables = {}) {
    Environment made_up;
    made_up.home = "/home/alice";
    made_up.login = "alice";
    made_up.variable =
        [variables = std::move(variables)](const std::string& name) -> std::optional<std::string> {
        const auto found = variables.find(name);
        if (found == variables.end()) return std::nullopt;
        return found->second;
    };
    return made_up;
}

}  // namespace culvert
