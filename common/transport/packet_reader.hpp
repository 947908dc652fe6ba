#pragma once

#include <memory>
#include <optional>

#include "common/transport/compression.hpp"
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

    void start_decompression() { decompressor_ = std::make_unique<Decompressor>(); }
    void stop_decompression() noexcept { decompressor_.reset(); }
    bool decompresses() const noexcept { return decompressor_ != nullptr; }

    /// The next packet's payload, or nothing if it hasn't arrived whole. It lives until the next
    /// read() when decompressed, else until the next input().space(). Throws ProtocolError.
    std::optional<PacketOpener::Opened> read() {
        auto opened = opener_.open(input_);
        if (opened && decompressor_) opened->payload = decompressor_->decompress(opened->payload);
        return opened;
    }

private:
    InputBuffer input_;
    PacketOpener opener_;
    std::unique_ptr<Decompressor> decompressor_;
};

}  // namespace culvert
