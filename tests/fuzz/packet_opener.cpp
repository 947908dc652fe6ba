// Packets (RFC 4253 6) as a peer may send them: in the clear, garbled under a cipher, and sealed
// rightly around a body that is anything.
#include <cstring>
#include <memory>

#include "common/base/big_endian.hpp"
#include "common/crypto/aes_gcm_packet_cipher.hpp"
#include "common/crypto/chacha20_poly1305_packet_cipher.hpp"
#include "common/transport/packet_codec.hpp"
#include "common/transport/transport.hpp"
#include "common/wire/protocol_error.hpp"
#include "tests/fuzz/fuzz_input.hpp"

using namespace culvert;
using namespace culvert::fuzz;

namespace {

std::unique_ptr<PacketCipher> make_cipher(unsigned kind) {
    if (kind == 1) {
        std::array<std::byte, 64> key{};
        return std::make_unique<ChaCha20Poly1305PacketCipher>(ChaCha20Poly1305Key{std::span{key}});
    }
    const auto& backends = available_aes_gcm_backends();
    if (kind < 2 || backends.empty()) return nullptr;
    std::array<std::byte, 32> key{};
    return std::make_unique<AesGcmPacketCipher>(backends[kind % backends.size()],
                                                CipherKey{std::span{key}}, AesGcmIv{});
}

/// Received in pieces of this size; the opener is asked after each.
void feed(PacketOpener& opener, InputBuffer& in, Bytes bytes, std::size_t piece,
          const auto& on_opened) {
    while (!bytes.empty()) {
        const Bytes now = bytes.first(std::min(piece, bytes.size()));
        bytes = bytes.subspan(now.size());
        in.append(now);
        while (const auto opened = opener.open(in)) on_opened(*opened);
        require(in.space().size() <= 2 * 1024 * 1024, "the input buffer is bounded");
    }
}

void open_raw(PacketOpener& opener, FuzzInput& input, bool has_cipher, std::size_t piece) {
    InputBuffer in;
    feed(opener, in, input.rest(), piece, [&](const PacketOpener::Opened& opened) {
        require(!has_cipher, "nobody can make up a sealed packet");
        require(opened.payload.size() < Transport::length_limit, "a payload has its limit");
    });
}

/// The body is the padding length, the payload and the padding; the input makes it up.
void open_sealed(PacketOpener& opener, PacketCipher& sealer, FuzzInput& input, std::size_t piece) {
    InputBuffer in;
    for (std::uint32_t number = 0; !input.empty(); ++number) {
        const Bytes body = input.take(input.uint16());
        const std::size_t block = sealer.block_size();
        const std::size_t length = std::max(block, (body.size() + block - 1) / block * block);
        ByteVector packet(length_field_size + length + sealer.tag_size());
        store_big_endian(std::span{packet}.first<4>(), static_cast<std::uint32_t>(length));
        if (!body.empty()) std::memcpy(packet.data() + 4, body.data(), body.size());
        const ByteVector plain = packet;
        sealer.seal(number, packet);

        const auto padding = std::to_integer<std::size_t>(plain[4]);
        const bool is_right = padding >= 4 && padding + 1 < length;
        bool is_open = false;
        feed(opener, in, packet, piece, [&](const PacketOpener::Opened& opened) {
            require(is_right, "padding is checked");
            require(opened.payload.size() == length - 1 - padding, "padding is cut off");
            require(
                std::ranges::equal(opened.payload, Bytes{plain}.subspan(5, opened.payload.size())),
                "a payload arrives as it was");
            is_open = true;
        });
        require(is_open, "a right packet is opened");
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    FuzzInput input{data, size};
    const unsigned mode = input.byte();
    const std::size_t piece = std::size_t{input.byte()} + 1;
    const unsigned kind = mode & 3;
    const bool is_sealed = (mode & 4) != 0;

    PacketOpener opener;
    if ((mode & 8) != 0) opener.set_length_limit(Transport::length_limit);
    auto sealer = make_cipher(kind);
    const bool has_cipher = sealer != nullptr;
    if (has_cipher) opener.use(make_cipher(kind));
    try {
        if (is_sealed && has_cipher) {
            open_sealed(opener, *sealer, input, piece);
        } else {
            open_raw(opener, input, has_cipher, piece);
        }
    } catch (const ProtocolError&) {
    }
    return 0;
}
