#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

namespace culvert {

/// When new keys are agreed on: nothing where the default holds, and a time of 0 for never.
struct RekeyLimit {
    std::optional<std::uint64_t> bytes;
    std::optional<std::chrono::seconds> after;

    friend bool operator==(const RekeyLimit&, const RekeyLimit&) = default;
};

/// `1G`, `512M 1h`, `default none`: ssh_config(5), RekeyLimit. Throws Error{usage}, also for less
/// than 16 bytes: a limit of less than a packet would rekey without end.
RekeyLimit parse_rekey_limit(std::string_view text);

}  // namespace culvert
