#pragma once

#include <memory>
#include <optional>
#include <string_view>

#include "common/base/bytes.hpp"
#include "common/compression/payload_arena.hpp"
#include "common/pacing/limits.hpp"

namespace culvert {

/// The names of RFC 4253 6.2, OpenSSH PROTOCOL 1.2 and docs/protocol.md that we know. All but
/// `none` begin once the user is authenticated; plain `zlib` would let strangers feed the inflater
/// and is never offered.
constexpr std::string_view no_compression = "none";
constexpr std::string_view delayed_zlib = "zlib@openssh.com";
constexpr std::string_view delayed_zstd = "zstd@culvert.internal";

/// No payload may inflate to more than this (docs/contract.md), in bytes.
constexpr std::size_t largest_inflated_payload = limits::peer::inflated_payload;

/// How hard to try. `thorough` takes twice the time and makes a tenth fewer bytes.
enum class CompressionLevel { quick, thorough };

/// Compresses one direction's payloads; a payload refers back to those that went before it. Where
/// that is no use, they go as they are behind a short header.
class Compressor {
public:
    virtual ~Compressor() = default;

    /// No payload of `length` bytes becomes longer than this.
    virtual std::size_t bound(std::size_t length) noexcept = 0;
    /// Writes the compressed payload to the front of `to`, which has bound(payload.size()) bytes,
    /// and returns its length. Flushed, so that the peer can read all of it at once.
    virtual std::size_t compress(Bytes payload, MutableBytes to) = 0;

    /// While payloads go as they are: the length of the header that one of at most `capacity` bytes
    /// is to have ahead of it. True until the next compress().
    virtual std::optional<std::size_t> stored_header(std::size_t capacity) const noexcept = 0;
    /// Writes that header to the front of `room`, whose rest is the payload.
    virtual void store_in_place(MutableBytes room) noexcept = 0;

    virtual void set_level(CompressionLevel level) noexcept = 0;
    /// Gives back what memory an idle connection doesn't need.
    virtual void release() noexcept {}
};

/// Undoes what the peer's compressor did.
class Decompressor {
public:
    virtual ~Decompressor() = default;

    /// The payload lies in `payloads`, or in `packet` where it went as it is. Throws ProtocolError
    /// for what is no compressed payload, and for one of more than largest_inflated_payload.
    virtual MutableBytes decompress(MutableBytes packet, PayloadArena& payloads) = 0;
};

/// Of a negotiated method; null for `none`.
std::unique_ptr<Compressor> make_compressor(std::string_view method);
std::unique_ptr<Decompressor> make_decompressor(std::string_view method);

}  // namespace culvert
