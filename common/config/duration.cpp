#include "common/config/duration.hpp"

#include <array>
#include <charconv>
#include <cstdint>
#include <string>

#include "common/base/characters.hpp"

namespace culvert {
namespace {

using std::chrono::milliseconds;

struct Unit {
    std::string_view name;
    milliseconds length;
};

constexpr std::array<Unit, 5> units{{{"d", std::chrono::hours{24}},
                                     {"h", std::chrono::hours{1}},
                                     {"m", std::chrono::minutes{1}},
                                     {"s", std::chrono::seconds{1}},
                                     {"ms", milliseconds{1}}}};
constexpr milliseconds longest = std::chrono::hours{24 * 366};

}  // namespace

std::optional<milliseconds> parse_duration(std::string_view text) {
    if (text == "0") return milliseconds{0};
    if (text.empty()) return std::nullopt;
    milliseconds total{0};
    std::size_t next_unit = 0;
    while (!text.empty()) {
        std::uint32_t count = 0;
        const auto [stop, failure] = std::from_chars(text.data(), text.data() + text.size(), count);
        if (failure != std::errc{}) return std::nullopt;
        text.remove_prefix(static_cast<std::size_t>(stop - text.data()));
        const std::string_view name = text.substr(0, text.find_first_of("0123456789"));
        while (next_unit < units.size() && units[next_unit].name != name) ++next_unit;
        if (next_unit == units.size()) return std::nullopt;
        total += units[next_unit].length * std::int64_t{count};
        if (total > longest) return std::nullopt;
        text.remove_prefix(name.size());
        ++next_unit;
    }
    return total;
}

std::optional<std::chrono::seconds> parse_ssh_time(std::string_view text) {
    const bool is_bare = !text.empty() && text.find_first_not_of("0123456789") == text.npos;
    const auto duration = parse_duration(lower_case(text) + (is_bare ? "s" : ""));
    if (!duration || *duration % std::chrono::seconds{1} != milliseconds{0}) return std::nullopt;
    return std::chrono::duration_cast<std::chrono::seconds>(*duration);
}

}  // namespace culvert
