#include "client/tunnel_status.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "common/base/escape.hpp"

namespace culvert {
namespace {

// systemd drops a whole message of 4096 bytes or more; a status beside READY=1 stays below.
constexpr std::size_t longest_status = 2'000;
constexpr std::size_t longest_reason = 1'500;
constexpr std::size_t most_addresses = 8;

/// A failure's first line, no longer than the limit. systemd drops what isn't UTF-8, so that a
/// character is never cut in two.
std::string in_short(const std::string& failure, std::size_t limit) {
    const std::size_t line = std::min(failure.find('\n'), failure.size());
    if (line <= limit) return failure.substr(0, line);
    const auto continues = [&](std::size_t at) {
        return (static_cast<unsigned char>(failure[at]) & 0xC0U) == 0x80U;
    };
    std::size_t end = limit;
    while (end > 0 && continues(end)) --end;
    return failure.substr(0, end) + "...";
}

std::string connection_state(const TunnelStatus& tunnel, std::size_t limit) {
    if (tunnel.ended) return "ended: " + in_short(*tunnel.ended, limit);
    if (tunnel.up == 0 && tunnel.failure.empty()) return "connecting";
    if (tunnel.up == 0) return "down: " + in_short(tunnel.failure, limit);
    if (tunnel.up < tunnel.connections) {
        return fmt::format("up, with {} of {} connections", tunnel.up, tunnel.connections);
    }
    return "up";
}

std::string described(const TunnelStatus& tunnel, std::size_t limit) {
    std::string text = connection_state(tunnel, limit);
    if (!tunnel.ended && !tunnel.not_bound.empty()) {
        const std::span all{tunnel.not_bound};
        const auto shown = all.first(std::min(all.size(), most_addresses));
        text += fmt::format("{} not listening on {}", tunnel.up > 0 ? ", but" : ", and",
                            fmt::join(shown, ", "));
        if (shown.size() < all.size()) {
            text += fmt::format(" and {} more", all.size() - shown.size());
        }
    }
    return text;
}

}  // namespace

std::string describe(const TunnelStatus& tunnel) { return described(tunnel, std::string::npos); }

std::string describe(std::span<const TunnelStatus> tunnels) {
    std::vector<const TunnelStatus*> sorted;
    for (const TunnelStatus& tunnel : tunnels) sorted.push_back(&tunnel);
    std::ranges::stable_partition(sorted, [](const auto* tunnel) { return !tunnel->is_whole(); });

    std::string text;
    if (tunnels.size() > 1) {
        text = fmt::format("{} of {} tunnels up",
                           std::ranges::count_if(tunnels, [](const auto& t) { return t.up > 0; }),
                           tunnels.size());
    }
    for (std::size_t i = 0; i < sorted.size(); ++i) {
        const std::string one =
            escaped(sorted[i]->name, 64) + ": " + described(*sorted[i], longest_reason);
        if (text.size() + one.size() > longest_status && i > 0) {
            return text + fmt::format("; and {} more", sorted.size() - i);
        }
        text += (text.empty() ? "" : "; ") + one;
    }
    return text;
}

bool is_ready(std::span<const TunnelStatus> tunnels) {
    return std::ranges::all_of(tunnels, [](const TunnelStatus& tunnel) {
        return tunnel.listeners_tried && (!tunnel.required || tunnel.up > 0);
    });
}

}  // namespace culvert
