#include "common/transport/packet_codec.hpp"

#include <doctest/doctest.h>

#include <algorithm>

#include "common/base/big_endian.hpp"
#include "tests/unit/common/crypto/hex.hpp"
#include "tests/unit/common/crypto/test_random.hpp"
#include "tests/unit/common/transport/packet_ciphers.hpp"
#include "tests/unit/common/wire/refusal.hpp"

using namespace culvert;
using test::hex;
using test::refusal;

namespace {

constexpr std::string_view corrupted = "a packet was corrupted on the way";

ByteVector seal(PacketSealer& sealer, Bytes payload) {
    ByteVector packet(sealer.sealed_size(payload.size()));
    std::ranges::copy(payload, packet.begin() + payload_offset);
    sealer.seal(packet, payload.size());
    return packet;
}

PacketSealer sealer_of(std::string_view cipher) {
    PacketSealer sealer;
    sealer.use(test::make_cipher(cipher));
    return sealer;
}

PacketOpener opener_of(std::string_view cipher) {
    PacketOpener opener;
    opener.use(test::make_cipher(cipher));
    return opener;
}

std::optional<ByteVector> open(PacketOpener& opener, InputBuffer& in) {
    const auto opened = opener.open(in);
    if (!opened) return std::nullopt;
    return ByteVector{opened->payload.begin(), opened->payload.end()};
}

std::optional<ByteVector> open(std::string_view cipher, Bytes bytes) {
    PacketOpener opener = opener_of(cipher);
    InputBuffer in;
    in.append(bytes);
    return open(opener, in);
}

/// A packet with any length field and any padding length, protected as if they were right.
ByteVector forged(std::string_view cipher, std::uint32_t length, std::size_t body,
                  std::uint8_t padding) {
    ByteVector packet(length_field_size + body);
    store_big_endian(std::span{packet}.first<4>(), length);
    packet[length_field_size] = std::byte{padding};
    if (const auto protection = test::make_cipher(cipher)) {
        packet.resize(packet.size() + protection->tag_size());
        protection->seal(0, packet);
    }
    return packet;
}

}  // namespace

TEST_CASE("padding fills the last block with at least four bytes (RFC 4253 6)") {
    struct Row {
        std::string_view name;
        std::size_t payload, block;
        LengthField field;
        std::size_t padding;
    };
    for (const Row& row : {
             Row{"exact fit", 7, 8, LengthField::in_the_blocks, 4},
             Row{"three left is too few", 8, 8, LengthField::in_the_blocks, 11},
             Row{"nothing left", 3, 8, LengthField::in_the_blocks, 8},
             Row{"the smallest packet is 16 bytes", 1, 8, LengthField::in_the_blocks, 10},
             Row{"exact fit without the length", 3, 8, LengthField::apart, 4},
             Row{"three left without the length", 4, 8, LengthField::apart, 11},
             Row{"full block without the length", 7, 8, LengthField::apart, 8},
             Row{"exact fit of 16", 11, 16, LengthField::apart, 4},
             Row{"three left of 16", 12, 16, LengthField::apart, 19},
             Row{"nothing left of 16", 15, 16, LengthField::apart, 16},
             Row{"a large payload", 32'768 + 9, 16, LengthField::apart, 6},
         }) {
        CAPTURE(row.name);
        CHECK(padding_length(row.payload, row.block, row.field) == row.padding);
    }
}

TEST_CASE("a packet without a cipher, byte by byte (RFC 4253 6)") {
    PacketSealer sealer;
    CHECK(hex(seal(sealer, test::unhex("15"))) == "0000000c0a1500000000000000000000");
}

TEST_CASE("every size goes there and back") {
    test::SeededRandom random{1};
    for (const std::string_view cipher : test::ciphers_and_none()) {
        PacketSealer sealer = sealer_of(cipher);
        PacketOpener opener = opener_of(cipher);
        InputBuffer in;
        std::uint64_t bytes = 0;
        std::uint32_t packets = 0;
        for (std::size_t size = 1; size < 34'900; size += size < 100 ? 1 : 997) {
            CAPTURE(cipher);
            CAPTURE(size);
            ByteVector payload(size);
            random.fill(payload);
            const ByteVector packet = seal(sealer, payload);
            bytes += packet.size();
            in.append(packet);
            const auto opened = opener.open(in);
            REQUIRE(opened);
            CHECK(std::ranges::equal(opened->payload, payload));
            CHECK(opened->sequence_number == SequenceNumber{packets});
            CHECK(in.unread().empty());
            ++packets;
            CHECK(sealer.next_sequence_number() == SequenceNumber{packets});
            CHECK(opener.next_sequence_number() == SequenceNumber{packets});
            CHECK(sealer.key_use().bytes == bytes);
            CHECK(sealer.key_use().packets == packets);
            CHECK(opener.key_use().bytes == bytes);
            CHECK(opener.key_use().packets == packets);
        }
    }
}

TEST_CASE("any split of the input gives the same packets") {
    for (const std::string_view cipher : test::ciphers_and_none()) {
        PacketSealer sealer = sealer_of(cipher);
        ByteVector stream;
        std::vector<ByteVector> payloads;
        for (const std::size_t size : {1u, 3u, 4u, 11u, 12u, 40u, 255u}) {
            payloads.emplace_back(size, static_cast<std::byte>(size));
            append(stream, seal(sealer, payloads.back()));
        }
        for (std::size_t chunk = 1; chunk <= stream.size(); ++chunk) {
            CAPTURE(cipher);
            CAPTURE(chunk);
            PacketOpener opener = opener_of(cipher);
            InputBuffer in;
            std::vector<ByteVector> opened;
            for (std::size_t at = 0; at < stream.size(); at += chunk) {
                in.append(Bytes{stream}.subspan(at, std::min(chunk, stream.size() - at)));
                while (auto payload = open(opener, in)) opened.push_back(std::move(*payload));
            }
            CHECK(opened == payloads);
        }
    }
}

TEST_CASE("a length that no peer may send is refused before anything is allocated") {
    constexpr std::uint32_t before = PacketOpener::initial_length_limit;
    constexpr std::uint32_t after = 256 * 1024;
    struct Row {
        std::uint32_t length;
        std::uint32_t limit;
    };
    for (const std::string_view cipher : test::ciphers_and_none()) {
        for (const Row& row : {
                 Row{0, before},
                 Row{1, before},
                 Row{4, before},
                 Row{11, before},
                 Row{13, before},  // not a whole block, whatever the cipher
                 Row{35'001, before},
                 Row{35'004, before},  // whole blocks without a cipher
                 Row{35'008, before},  // whole blocks with one
                 Row{after + 1, after},
                 Row{after + 4, after},
                 Row{after + 16, after},
                 Row{0x8000'0000, after},
                 Row{0x8000'0004, after},
                 Row{0xffff'fff0, after},
                 Row{0xffff'fffc, after},
                 Row{0xffff'ffff, after},
             }) {
            CAPTURE(cipher);
            CAPTURE(row.length);
            PacketOpener opener = opener_of(cipher);
            opener.set_length_limit(row.limit);
            InputBuffer in;
            in.append(Bytes{forged(cipher, row.length, 16, 4)}.first(length_field_size));
            const ProtocolError error = refusal([&] { opener.open(in); });
            CHECK(in.space().size() <= 16 * 1024);
            if (cipher == test::no_cipher) {
                CHECK(error.reason() == DisconnectReason::protocol_error);
            } else {
                CHECK(error.what() == std::string{corrupted});
                CHECK(error.reason() == DisconnectReason::mac_error);
            }
        }
    }
}

TEST_CASE("the largest lengths that a peer may send are waited for") {
    struct Row {
        std::string_view cipher;
        std::uint32_t length;
        std::uint32_t limit;
    };
    for (const Row& row : {
             Row{test::no_cipher, 34'996, PacketOpener::initial_length_limit},
             Row{chacha20_poly1305, 35'000, PacketOpener::initial_length_limit},
             Row{chacha20_poly1305, 256 * 1024, 256 * 1024},
             Row{test::no_cipher, 12, 256 * 1024},
             Row{chacha20_poly1305, 8, 256 * 1024},
         }) {
        CAPTURE(row.length);
        PacketOpener opener = opener_of(row.cipher);
        opener.set_length_limit(row.limit);
        InputBuffer in;
        in.append(Bytes{forged(row.cipher, row.length, 16, 4)}.first(length_field_size));
        CHECK_FALSE(opener.open(in));
        CHECK(in.space().size() >= row.length);
    }
}

TEST_CASE("padding of less than four bytes, or of the whole packet, is refused (RFC 4253 6)") {
    for (const std::string_view cipher : test::ciphers_and_none()) {
        const std::uint32_t length = cipher == test::no_cipher ? 28 : 32;
        for (std::uint32_t padding = 0; padding < 256; ++padding) {
            CAPTURE(cipher);
            CAPTURE(padding);
            const ByteVector packet =
                forged(cipher, length, length, static_cast<std::uint8_t>(padding));
            if (padding < 4 || padding > length - 2) {
                CHECK_THROWS_AS(open(cipher, packet), ProtocolError);
            } else {
                const auto payload = open(cipher, packet);
                REQUIRE(payload);
                CHECK(payload->size() == length - 1 - padding);
            }
        }
    }
}

TEST_CASE("no altered bit of a sealed packet goes unnoticed, wherever it is") {
    for (const std::string_view cipher : test::ciphers()) {
        PacketSealer sealer = sealer_of(cipher);
        const ByteVector packet = seal(sealer, ByteVector(20, std::byte{7}));
        REQUIRE(open(cipher, packet));
        for (std::size_t bit = 0; bit < packet.size() * 8; ++bit) {
            CAPTURE(cipher);
            CAPTURE(bit);
            ByteVector altered = packet;
            altered[bit / 8] ^= std::byte{static_cast<unsigned char>(1u << bit % 8)};
            // A length that became larger is waited for: here is what follows on the wire.
            altered.resize(altered.size() + 64 * 1024);
            const ProtocolError error = refusal([&] { open(cipher, altered); });
            CHECK(error.what() == std::string{corrupted});
            CHECK(error.reason() == DisconnectReason::mac_error);
        }
    }
}

TEST_CASE("a packet that is cut out, repeated or moved is noticed") {
    for (const std::string_view cipher : test::ciphers()) {
        CAPTURE(cipher);
        PacketSealer sealer = sealer_of(cipher);
        const ByteVector first = seal(sealer, test::unhex("01"));
        const ByteVector second = seal(sealer, test::unhex("02"));
        CHECK_THROWS_AS(open(cipher, second), ProtocolError);

        PacketOpener opener = opener_of(cipher);
        InputBuffer in;
        in.append(first);
        in.append(first);
        CHECK(opener.open(in));
        CHECK_THROWS_AS(opener.open(in), ProtocolError);
    }
}

TEST_CASE("sequence numbers don't come round to 0 before the first keys (attack 1)") {
    PacketSealer sealer;
    InputBuffer in;
    for (int i = 0; i < 2; ++i) in.append(seal(sealer, ByteVector(1)));
    PacketOpener opener{SequenceNumber{UINT32_MAX - 1}};
    CHECK(open(opener, in));
    CHECK(refusal([&] { open(opener, in); }).what() ==
          std::string_view{"2^32 packets before the first keys"});
}

TEST_CASE("new keys count their own use, sequence numbers go on unless they are reset") {
    for (const std::string_view cipher : test::ciphers()) {
        CAPTURE(cipher);
        PacketSealer sealer;
        PacketOpener opener;
        InputBuffer in;
        const auto pass = [&] {
            in.append(seal(sealer, test::unhex("aa")));
            return opener.open(in).value().sequence_number;
        };
        CHECK(pass() == SequenceNumber{0});
        sealer.use(test::make_cipher(cipher));
        opener.use(test::make_cipher(cipher));
        CHECK(sealer.key_use().packets == 0);
        CHECK(opener.key_use().bytes == 0);
        CHECK(pass() == SequenceNumber{1});

        sealer.use(test::make_cipher(cipher));
        opener.use(test::make_cipher(cipher));
        sealer.reset_sequence_number();
        opener.reset_sequence_number();
        CHECK(pass() == SequenceNumber{0});
        CHECK(sealer.key_use().packets == 1);
    }
}
