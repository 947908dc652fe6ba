#pragma once

#include <cstdint>
#include <optional>
#include <utility>

#include "common/transport/terrapin.hpp"

namespace culvert {

/// Strict key exchange (OpenSSH PROTOCOL 1.9): the first exchange has none but its own messages,
/// and sequence numbers begin anew with each NEWKEYS. Where the peer doesn't know it, whether it is
/// served all the same.
class StrictKeyExchange {
public:
    /// The peer's first KEXINIT is the last of `packets` that have come. Throws ProtocolError.
    void on_first_kexinit(const FirstNegotiation& exchange, std::uint64_t packets);
    /// The peer's NEWKEYS has come. True for its first.
    bool on_new_keys() noexcept { return !std::exchange(first_exchange_is_over_, true); }

    /// Both sides want it.
    bool agreed() const noexcept { return agreed_; }
    /// For a message that is no part of a key exchange. Throws ProtocolError.
    void refuse_in_first_exchange(std::uint8_t number) const {
        if (agreed_ && !first_exchange_is_over_) refuse(number);
    }
    /// The peer asks for a service. Throws ProtocolError if it gets none.
    void check_service() const {
        if (refusal_) throw *refusal_;
    }

private:
    [[noreturn]] static void refuse(std::uint8_t number);

    bool agreed_ = false;
    bool first_exchange_is_over_ = false;
    std::optional<ProtocolError> refusal_;
};

}  // namespace culvert
