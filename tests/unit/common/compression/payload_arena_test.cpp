#include "common/compression/payload_arena.hpp"

#include <doctest/doctest.h>

#include <algorithm>

using namespace culvert;

namespace {

Bytes put(PayloadArena& payloads, std::size_t length, std::byte content) {
    payloads.on_next_packet();
    std::ranges::fill(payloads.space(length), content);
    return payloads.payload(length);
}

bool is_all(Bytes payload, std::byte content) {
    return std::ranges::all_of(payload, [content](std::byte b) { return b == content; });
}

}  // namespace

TEST_CASE("what isn't kept makes room for the next, what is kept stays") {
    PayloadArena payloads;
    const Bytes first = put(payloads, 1000, std::byte{1});
    const Bytes second = put(payloads, 1000, std::byte{2});
    CHECK(second.data() == first.data());
    payloads.keep();
    const Bytes third = put(payloads, 1000, std::byte{3});
    CHECK(third.data() == second.data() + 1000);
    CHECK(is_all(second, std::byte{2}));
}

TEST_CASE("kept payloads stay while more room is made, until they are enough for one call") {
    PayloadArena payloads;
    std::vector<Bytes> kept;
    constexpr std::size_t length = 31'000;
    const std::size_t most = (PayloadArena::enough + length - 1) / length;
    for (std::size_t i = 0; i < most; ++i) {
        CHECK_FALSE(payloads.full());
        kept.push_back(put(payloads, length, static_cast<std::byte>(i)));
        payloads.keep();
    }
    CHECK(payloads.full());
    for (std::size_t i = 0; i < most; ++i) CHECK(is_all(kept[i], static_cast<std::byte>(i)));
    payloads.on_next_packet();
    CHECK_FALSE(payloads.full());

    put(payloads, length, std::byte{1});
    payloads.keep();
    payloads.clear();
    CHECK(put(payloads, 1, std::byte{1}).data() == put(payloads, 1, std::byte{1}).data());
    payloads.release();
    CHECK(is_all(put(payloads, length, std::byte{5}), std::byte{5}));
}

TEST_CASE("a payload that outgrows its room is moved") {
    PayloadArena payloads;
    const Bytes kept = put(payloads, 60'000, std::byte{1});
    payloads.keep();
    payloads.on_next_packet();
    std::ranges::fill(payloads.space(5000), std::byte{2});
    const MutableBytes larger = payloads.space(200'000, 5000);
    CHECK(is_all(larger.first(5000), std::byte{2}));
    CHECK(larger.size() == 200'000);
    CHECK(is_all(kept, std::byte{1}));
    CHECK(payloads.payload(7000).data() == larger.data());
}
