#pragma once

#include <memory>
#include <optional>
#include <utility>

#include "common/compression/compressor.hpp"
#include "common/transport/input_buffer.hpp"
#include "common/transport/packet_codec.hpp"

namespace culvert {

/// Received bytes go in, payloads come out: protection, framing and compression of one
/// connection's receiving side.
class PacketReader {
public:
    InputBuffer& input() noexcept { return input_; }
    PacketOpener& opener() noexcept { return opener_; }
    const PacketOpener& opener() const noexcept { return opener_; }

    /// Room to receive in; ends the life of every payload that was read.
    MutableBytes space(std::size_t most = InputBuffer::unlimited) {
        inflated_.clear();
        return input_.space(most);
    }

    /// From the next packet on, with a stream of its own (RFC 4253 6.2); null for none.
    void decompress_with(std::unique_ptr<Decompressor> decompressor) noexcept {
        decompressor_ = std::move(decompressor);
    }

    /// The next packet's payload, or nothing if it hasn't arrived whole. It lives until the next
    /// read(). Throws ProtocolError.
    std::optional<PacketOpener::Opened> read() {
        inflated_.on_next_packet();
        auto opened = opener_.open(input_);
        if (opened && decompressor_) {
            opened->payload = decompressor_->decompress(opened->payload, inflated_);
        }
        return opened;
    }
    /// The payload lives until the next space(), unless kept_payloads_end().
    void keep() noexcept { inflated_.keep(); }
    /// All that was kept ends with the next read(): its memory is full.
    bool kept_payloads_end() const noexcept { return inflated_.full(); }

    void release() noexcept {
        input_.release();
        inflated_.release();
    }

private:
    InputBuffer input_;
    PacketOpener opener_;
    std::unique_ptr<Decompressor> decompressor_;
    PayloadArena inflated_;
};

}  // namespace culvert
