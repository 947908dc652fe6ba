#include "common/transport/packet_writer.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <random>
#include <string>

#include "common/transport/packet_reader.hpp"
#include "tests/unit/common/crypto/test_random.hpp"
#include "tests/unit/common/transport/packet_ciphers.hpp"

using namespace culvert;

namespace {

using Payloads = std::vector<ByteVector>;

/// Both ends of one direction.
struct Direction {
    PacketWriter writer;
    PacketReader reader;

    Direction(std::string_view cipher, std::string_view compression) {
        writer.sealer().use(test::make_cipher(cipher));
        reader.opener().use(test::make_cipher(cipher));
        reader.opener().set_length_limit(256 * 1024);
        writer.compress_with(make_compressor(compression));
        reader.decompress_with(make_decompressor(compression));
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
        for (const std::string_view compression : {no_compression, delayed_zlib, delayed_zstd}) {
            CAPTURE(cipher);
            CAPTURE(compression);
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
    for (const std::string_view method : {delayed_zlib, delayed_zstd}) {
        CAPTURE(method);
        PacketWriter writer;
        writer.compress_with(make_compressor(method));
        writer.write(ByteVector(32'000, std::byte{'a'}));
        CHECK(writer.output().size() < 200);
        writer.output().sent(writer.output().size());
        writer.write(random_payload(32'000, 1));
        CHECK(writer.output().size() < 32'100);
    }
}

TEST_CASE("what doesn't shrink is sealed where it was reserved, and text shrinks again") {
    for (const std::string_view method : {delayed_zlib, delayed_zstd}) {
        CAPTURE(method);
        Direction direction{aes256_gcm, method};
        constexpr std::size_t size = 32'000;
        constexpr std::size_t batch = 8;
        const auto pass = [&](bool is_text) {
            direction.writer.reserve(size, batch);
            const bool in_place =
                direction.writer.reserved(0).data() > direction.writer.output().space(0).data() &&
                direction.writer.reserved(0).data() <
                    direction.writer.output().space(0).data() + 100;
            Payloads payloads;
            for (std::size_t i = 0; i < batch; ++i) {
                payloads.push_back(is_text ? ByteVector(size, std::byte{'a'})
                                           : random_payload(size, static_cast<std::uint32_t>(i)));
                std::ranges::copy(payloads.back(), direction.writer.reserved(i).begin());
            }
            for (std::size_t i = 0; i < batch; ++i) direction.writer.write_reserved(i, size);
            // A small message in between changes nothing.
            payloads.push_back(random_payload(9, 1));
            direction.writer.write(payloads.back());
            CHECK(direction.arrived() == payloads);
            return in_place;
        };
        int in_place = 0;
        for (int i = 0; i < 40; ++i) in_place += pass(false);
        CHECK(in_place > 20);
        while (pass(true)) {
        }
        direction.writer.write(ByteVector(size, std::byte{'a'}));
        CHECK(direction.writer.output().size() < 1000);
    }
}

TEST_CASE("an output that is blocked is compressed harder") {
    for (const std::string_view method : {delayed_zlib, delayed_zstd}) {
        CAPTURE(method);
        PacketWriter writer;
        const ByteVector text = [] {
            ByteVector made;
            std::mt19937 random{1};
            while (made.size() < 100'000) {
                append(made, bytes_of("word" + std::to_string(random() % 3000) + ' '));
            }
            return made;
        }();
        const auto size = [&] {
            writer.compress_with(make_compressor(method));
            writer.write(text);
            const std::size_t written = writer.output().size();
            writer.output().sent(written);
            return written;
        };
        const std::size_t quick = size();
        TimePoint now{std::chrono::hours{1}};
        writer.on_output_taken(now);
        writer.on_output_blocked(now);
        now += std::chrono::seconds{1};
        writer.on_output_taken(now);
        CHECK(size() < quick);
        now += std::chrono::seconds{1};
        writer.on_output_taken(now);
        CHECK(size() == quick);
    }
}

TEST_CASE("compression starts and stops between two packets") {
    for (const std::string_view method : {delayed_zlib, delayed_zstd}) {
        Direction direction{chacha20_poly1305, no_compression};
        const ByteVector text(2000, std::byte{'a'});
        const auto pass = [&] {
            direction.writer.write(text);
            const std::size_t size = direction.writer.output().size();
            CHECK(direction.arrived() == Payloads{text});
            return size;
        };
        CHECK(pass() > 2000);
        direction.writer.compress_with(make_compressor(method));
        direction.reader.decompress_with(make_decompressor(method));
        const std::size_t first = pass();
        CHECK(first < 200);
        CHECK(pass() <= first);  // it refers back to the first
        direction.writer.compress_with(make_compressor(method));
        direction.reader.decompress_with(make_decompressor(method));
        CHECK(pass() == first);  // another stream, from its beginning
        direction.writer.compress_with(nullptr);
        direction.reader.decompress_with(nullptr);
        CHECK(pass() > 2000);
    }
}
