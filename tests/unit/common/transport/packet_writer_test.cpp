#include "common/transport/packet_writer.hpp"

#include <doctest/doctest.h>

#include <algorithm>

#include "common/transport/packet_reader.hpp"
#include "tests/unit/common/crypto/test_random.hpp"
#include "tests/unit/common/transport/packet_ciphers.hpp"

using namespace culvert;

namespace {

using Payloads = std::vector<ByteVector>;

enum class Compression { off, on };

/// Both ends of one direction.
struct Direction {
    PacketWriter writer;
    PacketReader reader;

    Direction(std::string_view cipher, Compression compression) {
        writer.sealer().use(test::make_cipher(cipher));
        reader.opener().use(test::make_cipher(cipher));
        reader.opener().set_length_limit(256 * 1024);
        if (compression == Compression::on) {
            writer.start_compression();
            reader.start_decompression();
        }
    }

    Payloads arrived() {
        reader.input().append(writer.output().unsent());
        writer.output().sent(writer.output().size());
        Payloads payloads;
        while (const auto opened = reader.read()) {
            payloads.emplace_back(opened->payload.begin(), opened->payload.end());
        }
        return payloads;
    }
};

template <class Check>
void for_each_kind(Check check) {
    for (const std::string_view cipher : test::ciphers_and_none()) {
        for (const Compression compression : {Compression::off, Compression::on}) {
            CAPTURE(cipher);
            CAPTURE((compression == Compression::on));
            Direction direction{cipher, compression};
            check(direction);
        }
    }
}

ByteVector random_payload(std::size_t size, std::uint32_t seed) {
    test::SeededRandom random{seed};
    ByteVector payload(size);
    random.fill(payload);
    return payload;
}

}  // namespace

TEST_CASE("written payloads arrive one by one") {
    for_each_kind([](Direction& direction) {
        const Payloads payloads{random_payload(1, 1), random_payload(33'000, 2),
                                ByteVector(30'000, std::byte{'a'}), random_payload(17, 3)};
        for (const ByteVector& payload : payloads) direction.writer.write(payload);
        CHECK(direction.arrived() == payloads);
    });
}

TEST_CASE("reserved payloads are sealed where they lie, the last of them short") {
    for_each_kind([](Direction& direction) {
        for (const std::size_t last : {1u, 999u, 1000u}) {
            direction.writer.write(random_payload(5, 9));
            Payloads payloads{random_payload(5, 9)};
            direction.writer.reserve(1000, 3);
            for (std::size_t i = 0; i < 3; ++i) {
                const std::size_t size = i == 2 ? last : 1000;
                payloads.push_back(random_payload(size, static_cast<std::uint32_t>(i)));
                CHECK(direction.writer.reserved(i).size() == 1000);
                std::ranges::copy(payloads.back(), direction.writer.reserved(i).begin());
            }
            for (std::size_t i = 0; i < 3; ++i) {
                direction.writer.write_reserved(i, payloads[i + 1].size());
            }
            direction.writer.write(random_payload(6, 9));
            payloads.push_back(random_payload(6, 9));
            CHECK(direction.arrived() == payloads);
        }
    });
}

TEST_CASE("room that was reserved and not used leaves no trace") {
    for_each_kind([](Direction& direction) {
        direction.writer.reserve(1000, 16);
        CHECK(direction.writer.output().empty());
        direction.writer.write(random_payload(40, 1));
        direction.writer.reserve(1000, 16);
        direction.writer.release();
        CHECK(direction.arrived() == Payloads{random_payload(40, 1)});
    });
}

TEST_CASE("compressed packets are smaller, for text, and never much larger") {
    PacketWriter writer;
    writer.start_compression();
    writer.write(ByteVector(32'000, std::byte{'a'}));
    CHECK(writer.output().size() < 200);
    writer.output().sent(writer.output().size());
    writer.write(random_payload(32'000, 1));
    CHECK(writer.output().size() < 32'100);
}

TEST_CASE("compression starts and stops between two packets") {
    Direction direction{chacha20_poly1305, Compression::off};
    const ByteVector text(2000, std::byte{'a'});
    const auto pass = [&] {
        direction.writer.write(text);
        const std::size_t size = direction.writer.output().size();
        CHECK(direction.arrived() == Payloads{text});
        return size;
    };
    CHECK(pass() > 2000);
    direction.writer.start_compression();
    direction.reader.start_decompression();
    CHECK(direction.reader.decompresses());
    const std::size_t first = pass();
    CHECK(first < 200);
    CHECK(pass() <= first);  // it refers back to the first
    direction.writer.start_compression();
    direction.reader.start_decompression();
    CHECK(pass() == first);  // another stream, from its beginning
    direction.writer.stop_compression();
    direction.reader.stop_decompression();
    CHECK_FALSE(direction.reader.decompresses());
    CHECK(pass() > 2000);
}
