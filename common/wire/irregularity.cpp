#include "common/wire/irregularity.hpp"

#include <bit>

namespace culvert {

std::string_view describe(Irregularity kind) noexcept {
    switch (kind) {
        case Irregularity::irregular_name_list:
            return "a list in the peer's KEXINIT has names or commas that RFC 4251 doesn't allow: "
                   "they match nothing";
        case Irregularity::message_during_rekey:
            return "the peer sends connection messages during a key exchange: handled";
        case Irregularity::late_window_adjust:
            return "the peer adjusts the window of a closed channel: ignored";
        case Irregularity::late_data:
            return "the peer sends data for a closed channel: dropped";
        case Irregularity::late_eof:
            return "the peer sends EOF for a closed channel: ignored";
        case Irregularity::late_close:
            return "the peer closes a channel twice: ignored";
        case Irregularity::late_channel_request:
            return "the peer sends a request for a closed channel: ignored";
        case Irregularity::late_reply:
            return "the peer sends a reply for a closed channel: ignored";
        case Irregularity::data_after_eof:
            return "the peer sends data after EOF: dropped";
        case Irregularity::second_eof:
            return "the peer sends EOF twice: ignored";
        case Irregularity::unasked_global_reply:
            return "the peer replies to a global request that wasn't made: ignored";
        case Irregularity::unasked_channel_reply:
            return "the peer replies to a channel request that wasn't made: ignored";
        case Irregularity::second_service_request:
            return "the peer requests ssh-userauth twice: accepted again";
    }
    return "";
}

void Irregularities::note(Irregularity kind) noexcept {
    const auto index = static_cast<std::size_t>(kind);
    if (counts_[index]++ == 0) new_ |= std::uint32_t{1} << index;
}

std::optional<Irregularity> Irregularities::take_new() noexcept {
    if (new_ == 0) return std::nullopt;
    const int index = std::countr_zero(new_);
    new_ &= new_ - 1;
    return static_cast<Irregularity>(index);
}

}  // namespace culvert
