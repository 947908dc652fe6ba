#include "common/transport/packet_reader.hpp"

#include <doctest/doctest.h>

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
    writer.start_compression();
    reader.start_decompression();
    writer.write(bytes_of("deflated"));
    reader.input().append(writer.output().unsent());
    const auto inflated = reader.read();
    REQUIRE(inflated);
    CHECK(text_of(inflated->payload) == "deflated");
    CHECK(inflated->sequence_number == SequenceNumber{1});
}

TEST_CASE("a packet that isn't compressed where it should be is refused") {
    PacketWriter writer;
    PacketReader reader;
    reader.start_decompression();
    writer.write(bytes_of("no zlib header"));
    reader.input().append(writer.output().unsent());
    CHECK(refusal([&] { reader.read(); }).reason() == DisconnectReason::compression_error);
}
