#include "client/check.hpp"

#include <fmt/format.h>

#include "client/forward_spec.hpp"
#include "common/base/escape.hpp"

namespace culvert {

std::string describe(std::span<const TunnelSettings> tunnels) {
    std::string text;
    for (const TunnelSettings& tunnel : tunnels) {
        text += fmt::format("{}: {}@{}\n", escaped(tunnel.name), escaped(tunnel.user),
                            to_string(tunnel.server));
        for (const LocalForward& forward : tunnel.forwards) {
            const std::string bind = forward.bind.empty() ? "localhost" : forward.bind;
            text += ready_line({bind, forward.port}, forward) + "\n";
        }
    }
    return text;
}

}  // namespace culvert
