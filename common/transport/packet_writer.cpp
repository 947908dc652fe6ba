#include "common/transport/packet_writer.hpp"

#include <cassert>
#include <cstring>

namespace culvert {

void PacketWriter::write(Bytes payload) {
    room_ = {};
    seal(payload);
}

void PacketWriter::seal(Bytes payload) {
    if (compressor_) {
        const std::size_t bound = compressor_->bound(payload.size());
        // The packet for the longest outcome has room for every shorter one.
        const MutableBytes room = output_.space(sealer_.sealed_size(bound));
        const std::size_t length =
            compressor_->compress(payload, room.subspan(payload_offset, bound));
        const std::size_t size = sealer_.sealed_size(length);
        sealer_.seal(room.first(size), length);
        output_.commit(size);
        return;
    }
    const std::size_t size = sealer_.sealed_size(payload.size());
    const MutableBytes packet = output_.space(size);
    std::memcpy(packet.data() + payload_offset, payload.data(), payload.size());
    sealer_.seal(packet, payload.size());
    output_.commit(size);
}

void PacketWriter::compress_with(std::unique_ptr<Compressor> compressor) noexcept {
    compressor_ = std::move(compressor);
    if (compressor_) compressor_->set_level(level_.level());
}

void PacketWriter::on_output_taken(TimePoint now) noexcept {
    level_.on_output_taken(now);
    if (compressor_) compressor_->set_level(level_.level());
}

void PacketWriter::reserve(std::size_t capacity, std::size_t count) {
    capacity_ = capacity;
    header_ = compressor_ ? compressor_->stored_header(capacity) : 0;
    if (header_) {
        stride_ = sealer_.sealed_size(*header_ + capacity);
        room_ = output_.space(stride_ * count);
    } else {
        stride_ = capacity;
        plain_.resize(stride_ * count);
        room_ = plain_;
    }
}

MutableBytes PacketWriter::reserved(std::size_t index) noexcept {
    const std::size_t offset = header_ ? payload_offset + *header_ : 0;
    return room_.subspan(index * stride_ + offset, capacity_);
}

void PacketWriter::write_reserved(std::size_t index, std::size_t length) {
    assert(index * stride_ < room_.size() && length <= capacity_);
    if (!header_) {
        seal(reserved(index).first(length));
        return;
    }
    const std::size_t payload = *header_ + length;
    const std::size_t size = sealer_.sealed_size(payload);
    const MutableBytes packet = room_.subspan(index * stride_, size);
    if (compressor_) compressor_->store_in_place(packet.subspan(payload_offset, payload));
    sealer_.seal(packet, payload);
    output_.commit(size);
}

void PacketWriter::release() noexcept {
    output_.release();
    plain_ = ByteVector{};
    room_ = {};
    if (compressor_) compressor_->release();
}

}  // namespace culvert
