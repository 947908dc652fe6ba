#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "common/base/bytes.hpp"
#include "common/base/strong.hpp"
#include "common/crypto/packet_cipher.hpp"
#include "common/transport/input_buffer.hpp"

namespace culvert {

/// Counts the packets of one direction (RFC 4253 6.4); wraps from 2^32-1 to 0.
using SequenceNumber = Strong<struct SequenceNumberTag, std::uint32_t>;

/// A packet (RFC 4253 6): length field, padding length, payload, padding, tag.
constexpr std::size_t length_field_size = 4;
constexpr std::size_t payload_offset = length_field_size + 1;

/// Whether the length field counts among what must fill whole cipher blocks. The AEAD ciphers
/// treat it apart.
enum class LengthField { in_the_blocks, apart };

/// At least four bytes, and as many as fill the last block (RFC 4253 6).
constexpr std::size_t padding_length(std::size_t payload, std::size_t block, LengthField field) {
    const std::size_t filled = (field == LengthField::apart ? 1 : payload_offset) + payload;
    const std::size_t missing = block - filled % block;
    return missing < 4 ? missing + block : missing;
}

/// What keys may be used for before they are replaced (RFC 4253 9, RFC 4344 3).
struct KeyUse {
    std::uint64_t bytes = 0;
    std::uint64_t packets = 0;
};

/// Seals what one side sends. Without a cipher (before the first NEWKEYS) packets are only framed.
class PacketSealer {
public:
    /// The whole packet's size for a payload of this length.
    std::size_t sealed_size(std::size_t payload_length) const noexcept;

    /// `packet` has sealed_size(payload_length) bytes with the payload at payload_offset; the rest
    /// of it is written and all of it sealed, where it lies.
    void seal(MutableBytes packet, std::size_t payload_length);

    /// From the next packet on.
    void use(std::unique_ptr<PacketCipher> cipher);
    void reset_sequence_number() noexcept { next_ = SequenceNumber{}; }

    SequenceNumber next_sequence_number() const noexcept { return next_; }
    const KeyUse& key_use() const noexcept { return use_; }

private:
    std::size_t padding(std::size_t payload_length) const noexcept;

    std::unique_ptr<PacketCipher> cipher_;
    SequenceNumber next_;
    KeyUse use_;
};

/// Opens what the other side sent, in place.
class PacketOpener {
public:
    PacketOpener() = default;
    /// `next` is the first packet's number.
    explicit PacketOpener(SequenceNumber next) noexcept : next_{next} {}

    struct Opened {
        MutableBytes payload;  ///< lies in the input buffer
        SequenceNumber sequence_number;
    };

    /// The next packet, or nothing if it hasn't arrived whole. Throws ProtocolError for a packet
    /// whose length or padding no peer may send, and for one that was altered on the way: with a
    /// cipher both look the same. Before the first cipher the numbers must not begin again.
    std::optional<Opened> open(InputBuffer& in);

    void use(std::unique_ptr<PacketCipher> cipher);
    void reset_sequence_number() noexcept { next_ = SequenceNumber{}; }
    /// The largest packet_length to accept, in bytes.
    void set_length_limit(std::uint32_t limit) noexcept { length_limit_ = limit; }

    SequenceNumber next_sequence_number() const noexcept { return next_; }
    const KeyUse& key_use() const noexcept { return use_; }

    /// RFC 4253 6.1: every implementation must take a packet of this total size.
    static constexpr std::uint32_t initial_length_limit = 35'000;

private:
    std::uint32_t read_length(Bytes unread) const;

    std::unique_ptr<PacketCipher> cipher_;
    SequenceNumber next_;
    KeyUse use_;
    std::uint32_t length_limit_ = initial_length_limit;
    std::optional<std::uint32_t> length_;  ///< of the packet that is arriving
};

}  // namespace culvert
