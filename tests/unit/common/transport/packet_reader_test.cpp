#include "common/transport/packet_reader.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <vector>

#include "common/transport/packet_writer.hpp"
#include "tests/unit/common/wire/refusal.hpp"

using namespace culvert;
using test::refusal;

TEST_CASE("a payload lies in the input, or, inflated, beside it") {
    PacketWriter writer;
    PacketReader reader;
    writer.write(bytes_of("plain"));
    reader.input().append(writer.output().unsent());
    const Bytes input = reader.input().unread();
    const auto plain = reader.read();
    REQUIRE(plain);
    CHECK(text_of(plain->payload) == "plain");
    CHECK(plain->payload.data() == input.data() + payload_offset);
    CHECK(plain->sequence_number == SequenceNumber{0});
    CHECK_FALSE(reader.read());

    writer.output().sent(writer.output().size());
    writer.compress_with(make_compressor(delayed_zlib));
    reader.decompress_with(make_decompressor(delayed_zlib));
    writer.write(bytes_of("deflated"));
    reader.input().append(writer.output().unsent());
    const auto inflated = reader.read();
    REQUIRE(inflated);
    CHECK(text_of(inflated->payload) == "deflated");
    CHECK(inflated->sequence_number == SequenceNumber{1});
}

TEST_CASE("inflated payloads that are kept live until there is room to receive in") {
    for (const std::string_view method : {delayed_zlib, delayed_zstd}) {
        CAPTURE(method);
        PacketWriter writer;
        PacketReader reader;
        writer.compress_with(make_compressor(method));
        reader.decompress_with(make_decompressor(method));
        reader.opener().set_length_limit(256 * 1024);
        constexpr std::size_t size = 20'000;
        const auto payload = [](int i) { return ByteVector(size, static_cast<std::byte>(i)); };
        for (int i = 0; i < 30; ++i) writer.write(payload(i));
        reader.input().append(writer.output().unsent());

        std::vector<Bytes> kept;
        while (!reader.kept_payloads_end()) {
            const auto opened = reader.read();
            REQUIRE(opened);
            reader.keep();
            kept.push_back(opened->payload);
        }
        CHECK(kept.size() == (PayloadArena::enough + size - 1) / size);
        for (std::size_t i = 0; i < kept.size(); ++i) {
            CHECK(std::ranges::equal(kept[i], payload(static_cast<int>(i))));
        }
        // What isn't kept, as messages that nobody sees, takes no memory.
        for (std::size_t i = kept.size(); i < 30; ++i) {
            const auto opened = reader.read();
            REQUIRE(opened);
            CHECK(std::ranges::equal(opened->payload, payload(static_cast<int>(i))));
            CHECK_FALSE(reader.kept_payloads_end());
        }
        CHECK_FALSE(reader.read());
    }
}

TEST_CASE("a packet that isn't compressed where it should be is refused") {
    PacketWriter writer;
    PacketReader reader;
    reader.decompress_with(make_decompressor(delayed_zlib));
    writer.write(bytes_of("no zlib header"));
    reader.input().append(writer.output().unsent());
    CHECK(refusal([&] { reader.read(); }).reason() == DisconnectReason::compression_error);
}
