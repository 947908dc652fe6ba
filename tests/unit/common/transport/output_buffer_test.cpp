#include "common/transport/output_buffer.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <random>
#include <utility>

#include "tests/unit/common/crypto/hex.hpp"

using namespace culvert;

TEST_CASE("committed bytes leave in their order") {
    OutputBuffer out;
    CHECK(out.empty());
    std::ranges::copy(bytes_of("abcdef"), out.space(6).begin());
    CHECK(out.empty());  // built, but not committed
    out.commit(6);
    std::ranges::copy(bytes_of("gh????"), out.space(6).begin());
    out.commit(2);  // of more room than was needed
    CHECK(text_of(out.unsent()) == "abcdefgh");
    out.sent(3);
    CHECK(text_of(out.unsent()) == "defgh");
    CHECK(out.size() == 5);
    out.sent(5);
    CHECK(out.empty());
}

TEST_CASE("output agrees with a plain string under any mix of calls") {
    std::mt19937 random{11};
    const auto below = [&](std::size_t limit) { return random() % limit; };
    OutputBuffer out;
    std::string model;
    for (int i = 0; i < 20'000; ++i) {
        CAPTURE(i);
        switch (below(4)) {
            case 0:
            case 1: {
                const std::size_t room = 1 + below(500);
                const std::size_t used = below(room + 1);
                const MutableBytes space = out.space(room);
                REQUIRE(space.size() == room);
                for (std::byte& b : space) b = static_cast<std::byte>(random() & 0xff);
                model += text_of(space.first(used));
                out.commit(used);
                break;
            }
            case 2: {
                const std::size_t length = below(out.size() + 1);
                out.sent(length);
                model.erase(0, length);
                break;
            }
            default:
                if (below(8) == 0) out.sent(std::exchange(model, {}).size());
                out.release();
        }
        REQUIRE(text_of(out.unsent()) == model);
        REQUIRE(out.empty() == model.empty());
    }
}
