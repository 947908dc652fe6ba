#include "common/transport/packet_codec.hpp"

#include <cassert>
#include <cstring>

#include <fmt/format.h>

#include "common/base/big_endian.hpp"
#include "common/wire/protocol_error.hpp"

namespace culvert {
namespace {

// RFC 4253 6: without a cipher the block is 8 bytes, and no packet is shorter than 16.
constexpr std::size_t plain_block_size = 8;
constexpr std::uint32_t least_plain_length = 16 - length_field_size;

SequenceNumber after(SequenceNumber number) noexcept { return SequenceNumber{number.value() + 1}; }

// One error for a length that can't be and for a tag that doesn't fit: a peer that alters packets
// must not learn which of the two it hit.
ProtocolError corrupt_packet() {
    return ProtocolError{"a packet was corrupted on the way", DisconnectReason::mac_error};
}

}  // namespace

std::size_t PacketSealer::padding(std::size_t payload_length) const noexcept {
    return cipher_ ? padding_length(payload_length, cipher_->block_size(), LengthField::apart)
                   : padding_length(payload_length, plain_block_size, LengthField::in_the_blocks);
}

std::size_t PacketSealer::sealed_size(std::size_t payload_length) const noexcept {
    return payload_offset + payload_length + padding(payload_length) +
           (cipher_ ? cipher_->tag_size() : 0);
}

void PacketSealer::seal(MutableBytes packet, std::size_t payload_length) {
    const std::size_t padding_size = padding(payload_length);
    const std::size_t packet_length = 1 + payload_length + padding_size;
    assert(packet.size() == sealed_size(payload_length));

    store_big_endian(packet.first<length_field_size>(), static_cast<std::uint32_t>(packet_length));
    packet[length_field_size] = static_cast<std::byte>(padding_size);
    // Under an AEAD the padding's content hides nothing, so it costs no random bytes (OpenSSH
    // sends zeros in the clear as well).
    std::memset(packet.data() + payload_offset + payload_length, 0, padding_size);
    if (cipher_) cipher_->seal(next_.value(), packet);

    next_ = after(next_);
    use_.bytes += packet.size();
    ++use_.packets;
}

void PacketSealer::use(std::unique_ptr<PacketCipher> cipher) {
    cipher_ = std::move(cipher);
    use_ = {};
}

std::uint32_t PacketOpener::read_length(Bytes unread) const {
    const auto first = unread.first<length_field_size>();
    const std::uint32_t length = cipher_ ? cipher_->read_length(next_.value(), first)
                                         : load_big_endian<std::uint32_t>(first);
    if (cipher_) {
        // Padding length, one byte of payload and four of padding fit in every block size.
        if (length < 1 + 1 + 4 || length > length_limit_ || length % cipher_->block_size() != 0) {
            throw corrupt_packet();
        }
    } else if (length < least_plain_length || length > length_limit_ ||
               (length + length_field_size) % plain_block_size != 0) {
        throw ProtocolError{fmt::format("a packet length of {} bytes", length)};
    }
    return length;
}

std::optional<PacketOpener::Opened> PacketOpener::open(InputBuffer& in) {
    const MutableBytes unread = in.unread();
    if (!length_) {
        if (unread.size() < length_field_size) return std::nullopt;
        length_ = read_length(unread);
    }
    const std::size_t size = length_field_size + *length_ + (cipher_ ? cipher_->tag_size() : 0);
    if (unread.size() < size) {
        in.expect(size);
        return std::nullopt;
    }

    const MutableBytes packet = unread.first(size);
    if (cipher_ && !cipher_->open(next_.value(), packet)) throw corrupt_packet();
    const std::uint32_t padding_size = std::to_integer<std::uint32_t>(packet[length_field_size]);
    if (padding_size < 4 || padding_size + 1 >= *length_) {
        throw ProtocolError{
            fmt::format("{} bytes of padding in a packet of {}", padding_size, *length_)};
    }
    const Opened opened{packet.subspan(payload_offset, *length_ - 1 - padding_size), next_};

    // OpenSSH PROTOCOL 1.9 asks it of strict peers, and no other has so much to say either.
    if (!cipher_ && next_.value() == UINT32_MAX) {
        throw ProtocolError{"2^32 packets before the first keys"};
    }
    in.consume(size);
    in.expect(0);
    length_.reset();
    next_ = after(next_);
    use_.bytes += size;
    ++use_.packets;
    return opened;
}

void PacketOpener::use(std::unique_ptr<PacketCipher> cipher) {
    cipher_ = std::move(cipher);
    use_ = {};
}

}  // namespace culvert
