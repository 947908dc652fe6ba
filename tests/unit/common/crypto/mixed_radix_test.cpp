#include "common/crypto/mixed_radix.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <vector>

#include "tests/unit/common/crypto/hex.hpp"
#include "tests/unit/common/crypto/test_random.hpp"

using namespace culvert;
using test::hex;

namespace {

using Number = std::uint16_t;

/// As NTRU Prime's specification has it (round 3, section 4.7): by recursion, and for any radixes.
ByteVector encode_by_definition(const std::vector<Number>& numbers,
                                const std::vector<std::uint32_t>& radixes) {
    constexpr std::uint32_t limit = 16384;
    ByteVector bytes;
    std::vector<Number> upper;
    std::vector<std::uint32_t> upper_radixes;
    if (numbers.size() == 1) {
        std::uint32_t number = numbers[0];
        for (std::uint32_t radix = radixes[0]; radix > 1; radix = (radix + 255) / 256) {
            bytes.push_back(static_cast<std::byte>(number % 256));
            number /= 256;
        }
        return bytes;
    }
    for (std::size_t i = 0; i < numbers.size(); i += 2) {
        std::uint32_t number = numbers[i];
        std::uint32_t radix = radixes[i];
        if (i + 1 < numbers.size()) {
            number += radix * numbers[i + 1];
            radix *= radixes[i + 1];
            for (; radix >= limit; radix = (radix + 255) / 256) {
                bytes.push_back(static_cast<std::byte>(number % 256));
                number /= 256;
            }
        }
        upper.push_back(static_cast<Number>(number));
        upper_radixes.push_back(radix);
    }
    append(bytes, encode_by_definition(upper, upper_radixes));
    return bytes;
}

template <std::size_t Count, std::uint32_t Radix>
void check_encoding(const std::vector<Number>& numbers) {
    using Code = MixedRadix<Count, Radix>;
    std::array<std::byte, Code::size> bytes;
    std::array<Number, Count> given;
    std::ranges::copy(numbers, given.begin());
    Code::encode(given, bytes);
    CHECK(hex(bytes) ==
          hex(encode_by_definition(numbers, std::vector<std::uint32_t>(Count, Radix))));
    std::array<Number, Count> decoded;
    Code::decode(bytes, decoded);
    CHECK(std::ranges::equal(decoded, numbers));
}

template <std::size_t Count, std::uint32_t Radix>
void check_encodings() {
    CAPTURE(Count);
    CAPTURE(Radix);
    check_encoding<Count, Radix>(std::vector<Number>(Count, 0));
    check_encoding<Count, Radix>(std::vector<Number>(Count, Radix - 1));
    test::SeededRandom random{Count};
    for (int i = 0; i < 20; ++i) {
        std::vector<Number> numbers(Count);
        random.fill(std::as_writable_bytes(std::span{numbers}));
        for (Number& number : numbers) number %= Radix;
        check_encoding<Count, Radix>(numbers);
    }
}

}  // namespace

/// A quotient that is too large by rounding is so right below a multiple, and the more so the
/// larger the number is.
TEST_CASE("quotients by all divisors, where they are the least exact") {
    int wrong = 0;
    for (std::uint32_t value = 1; value <= 1 << 14; ++value) {
        const Divisor divisor{value};
        const std::uint32_t end = std::min<std::uint32_t>(1 << 29, value << 20);
        for (std::uint32_t quotient = end / value; quotient > end / value - 4; --quotient) {
            const std::uint32_t multiple = quotient * value;
            if (multiple < end) wrong += divisor.quotient(multiple) != quotient ? 1 : 0;
            wrong += divisor.quotient(multiple - 1) != quotient - 1 ? 1 : 0;
        }
    }
    CHECK(wrong == 0);
}

TEST_CASE("quotients and remainders by the radixes of sntrup761: around all multiples") {
    int wrong = 0;
    for (const std::uint32_t value : {4591U, 1531U}) {
        const Divisor divisor{value};
        for (std::uint32_t multiple = value; multiple < (1 << 29); multiple += value) {
            for (std::uint32_t number = multiple - 1; number <= multiple + 1; ++number) {
                wrong += divisor.quotient(number) != number / value ? 1 : 0;
                wrong += divisor.remainder(number) != number % value ? 1 : 0;
            }
        }
    }
    CHECK(wrong == 0);
}

TEST_CASE("numbers are encoded as the specification has it, and decoded again") {
    check_encodings<1, 2>();
    check_encodings<1, 256>();
    check_encodings<1, 257>();
    check_encodings<2, 3>();
    check_encodings<2, 128>();
    check_encodings<3, 1531>();
    check_encodings<4, 16383>();
    check_encodings<5, 2047>();  // both two bytes and one are put out
    check_encodings<6, 2048>();
    check_encodings<653, 4621>();
    check_encodings<761, 1531>();
    check_encodings<761, 4591>();
    check_encodings<1277, 7879>();
}

TEST_CASE("the sizes of NTRU Prime's parameter sets") {
    CHECK(MixedRadix<653, 4621>::size == 994);
    CHECK(MixedRadix<653, 1541>::size == 865);
    CHECK(MixedRadix<761, 4591>::size == 1158);
    CHECK(MixedRadix<761, 1531>::size == 1007);
    CHECK(MixedRadix<857, 5167>::size == 1322);
    CHECK(MixedRadix<857, 1723>::size == 1152);
    CHECK(MixedRadix<953, 6343>::size == 1505);
    CHECK(MixedRadix<953, 2115>::size == 1317);
    CHECK(MixedRadix<1013, 7177>::size == 1623);
    CHECK(MixedRadix<1013, 2393>::size == 1423);
    CHECK(MixedRadix<1277, 7879>::size == 2067);
    CHECK(MixedRadix<1277, 2627>::size == 1815);
}

TEST_CASE("any bytes are decoded to numbers below the radix") {
    using Code = MixedRadix<761, 4591>;
    std::array<std::byte, Code::size> bytes;
    std::array<Number, 761> numbers;
    const auto decoded_in_range = [&] {
        Code::decode(bytes, numbers);
        return std::ranges::all_of(numbers, [](Number number) { return number < 4591; });
    };
    bytes.fill(std::byte{0xff});
    CHECK(decoded_in_range());
    test::SeededRandom random{1};
    for (int i = 0; i < 200; ++i) {
        random.fill(bytes);
        CHECK(decoded_in_range());
    }
}
