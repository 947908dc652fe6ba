#pragma once

#include <memory>
#include <optional>

#include "common/compression/adaptive_level.hpp"
#include "common/compression/compressor.hpp"
#include "common/transport/output_buffer.hpp"
#include "common/transport/packet_codec.hpp"

namespace culvert {

/// Payloads go in, sealed packets lie in the output: compression, framing and protection of one
/// connection's sending side.
class PacketWriter {
public:
    OutputBuffer& output() noexcept { return output_; }
    PacketSealer& sealer() noexcept { return sealer_; }
    const PacketSealer& sealer() const noexcept { return sealer_; }

    /// From the next payload on, with a stream of its own (RFC 4253 6.2); null for none.
    void compress_with(std::unique_ptr<Compressor> compressor) noexcept;

    // How hard to compress follows from what becomes of the output.
    void on_output_blocked(TimePoint now) noexcept { level_.on_output_blocked(now); }
    void on_output_taken(TimePoint now) noexcept;

    void write(Bytes payload);

    /// Room for `count` payloads of up to `capacity` bytes, which are sealed where they lie. They
    /// are written in their order, all but the last of them full. The room is there until
    /// something else is written.
    void reserve(std::size_t capacity, std::size_t count);
    MutableBytes reserved(std::size_t index) noexcept;
    void write_reserved(std::size_t index, std::size_t length);

    void release() noexcept;

private:
    void seal(Bytes payload);

    OutputBuffer output_;
    PacketSealer sealer_;
    std::unique_ptr<Compressor> compressor_;

    MutableBytes room_;
    std::size_t capacity_ = 0;
    std::size_t stride_ = 0;
    /// Ahead of each reserved payload, where they are not to be compressed.
    std::optional<std::size_t> header_;
    ByteVector plain_;  ///< where reserved payloads lie that are yet to be compressed
    AdaptiveLevel level_;
};

}  // namespace culvert
