#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace culvert {

/// What breaks a rule of the protocol, could neither hide tampering nor cost memory, and is
/// survived by stock ssh and sshd: it doesn't end the connection with its hundred streams. It is
/// ignored or, where it has a meaning, handled; it is counted, and told to the owner once for each
/// kind. All other breaches are a ProtocolError.
enum class Irregularity : std::uint8_t {
    irregular_name_list,
    message_during_rekey,
    late_window_adjust,
    late_data,
    late_eof,
    late_close,
    late_channel_request,
    late_reply,
    data_after_eof,
    second_eof,
    unasked_global_reply,
    unasked_channel_reply,
    second_service_request,
};

/// For a log: what the peer did, and what became of it.
std::string_view describe(Irregularity kind) noexcept;

/// Counts them.
class Irregularities {
public:
    static constexpr std::size_t kinds =
        static_cast<std::size_t>(Irregularity::second_service_request) + 1;

    void note(Irregularity kind) noexcept;
    std::uint64_t count(Irregularity kind) const noexcept {
        return counts_[static_cast<std::size_t>(kind)];
    }
    /// A kind that was noted for the first time since the last call, each once.
    std::optional<Irregularity> take_new() noexcept;

private:
    std::array<std::uint64_t, kinds> counts_{};
    std::uint32_t new_ = 0;  ///< a bit for each kind
};

}  // namespace culvert
