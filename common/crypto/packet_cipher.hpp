#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "common/base/bytes.hpp"

namespace culvert {

/// Protects the binary packets (RFC 4253 6) of one direction under the keys of one key exchange:
/// encrypts, authenticates, and in between hides or shows the length. A packet lies in one piece:
///
///     packet_length (4 bytes) | body: padding length, payload, padding | tag
///
/// Packets are sealed, or opened, in order; sealing and opening allocate nothing.
class PacketCipher {
public:
    virtual ~PacketCipher() = default;

    /// What packet_length, the size of the body, has to be a multiple of.
    virtual std::size_t block_size() const noexcept = 0;
    virtual std::size_t tag_size() const noexcept = 0;

    /// `packet` is the length, the body and room for the tag; sealed where it lies.
    virtual void seal(std::uint32_t sequence_number, MutableBytes packet) = 0;

    /// The packet_length that the first 4 bytes stand for. Not authenticated yet: it says how much
    /// to wait for once it has been found within bounds, and nothing else.
    virtual std::uint32_t read_length(std::uint32_t sequence_number,
                                      std::span<const std::byte, 4> first) const = 0;

    /// `packet` is the length as it was received, the body and the tag. Verifies in constant time
    /// and decrypts the body where it lies; the 4 bytes of the length stay as they are. False when
    /// the tag is wrong or there is no room for one: the body is zeros or still sealed then, and
    /// the connection has to end.
    [[nodiscard]] virtual bool open(std::uint32_t sequence_number, MutableBytes packet) = 0;
};

/// The packet_length field.
inline constexpr std::size_t packet_length_size = 4;

}  // namespace culvert
