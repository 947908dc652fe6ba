#pragma once

#include <optional>
#include <utility>

#include "common/transport/ext_info.hpp"
#include "common/transport/proposal.hpp"

namespace culvert {

/// Extension negotiation (RFC 8308) of one connection: what the peer announced and where it may,
/// and whether it is told what we announce.
class ExtensionNegotiation {
public:
    /// `ours` must outlive it.
    ExtensionNegotiation(Role us, const Extensions& ours) noexcept : us_{us}, ours_{ours} {}

    // ---- ours
    /// It says whether the peer takes EXT_INFO (2.1).
    void on_first_kexinit(const msg::KexInit& peer) { peer_takes_ = asks_ext_info(peer, us_); }
    /// EXT_INFO, to be sent directly after our first NEWKEYS (2.4); nothing if the peer takes none.
    std::optional<ByteVector> to_send() const;

    // ---- the peer's
    /// Its first NEWKEYS has come: EXT_INFO may be the very next packet (2.4).
    void on_first_new_keys() noexcept { follows_new_keys_ = true; }
    /// To be asked about each packet. True if it follows the peer's first NEWKEYS directly.
    [[nodiscard]] bool on_packet() noexcept { return std::exchange(follows_new_keys_, false); }
    /// It may come elsewhere, too: a server sends a second one ahead of USERAUTH_SUCCESS (2.4).
    bool takes_another() const noexcept { return us_ == Role::client && received_ < 2; }
    /// Throws ProtocolError if it is garbled.
    void on_ext_info(Bytes payload);
    const Extensions& peer() const noexcept { return peer_; }

private:
    Role us_;
    const Extensions& ours_;
    bool peer_takes_ = false;
    bool follows_new_keys_ = false;
    unsigned received_ = 0;
    Extensions peer_;
};

}  // namespace culvert
