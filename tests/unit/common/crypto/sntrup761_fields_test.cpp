#include "common/crypto/sntrup761_fields.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>
#include <limits>

namespace culvert::sntrup761 {
namespace {

/// From -(modulus - 1) / 2 to (modulus - 1) / 2, by division.
constexpr int centered(std::int64_t x, int modulus) {
    const int remainder = static_cast<int>((x % modulus + modulus) % modulus);
    return remainder > modulus / 2 ? remainder - modulus : remainder;
}

constexpr std::int16_t int16(int x) { return static_cast<std::int16_t>(x); }

/// How many x from first to last have not what they should.
template <class Wrong>
int count_wrong(int first, int last, Wrong wrong) {
    int count = 0;
    for (int x = first; x <= last; ++x) count += wrong(x) ? 1 : 0;
    return count;
}

}  // namespace

TEST_CASE("an element modulo 3: all numbers of its range") {
    CHECK(count_wrong(-10000, 10000,
                      [](int x) { return F3::freeze(int16(x)) != centered(x, 3); }) == 0);
    CHECK(count_wrong(-10000, 10000,
                      [](int x) { return 3 * F3::third(int16(x)) != x - centered(x, 3); }) == 0);
}

TEST_CASE("the steps' operation modulo 3: all elements") {
    for (int a = -1; a <= 1; ++a) {
        for (int b = -1; b <= 1; ++b) {
            CHECK(F3::multiply(int16(a), int16(b)) == centered(a * b, 3));
            for (int c = -1; c <= 1; ++c) {
                CHECK(count_wrong(-1, 1, [&](int d) {
                          return F3::cross(int16(a), int16(b), int16(c), int16(d)) !=
                                 centered(a * b - c * d, 3);
                      }) == 0);
            }
        }
    }
    CHECK(F3::multiply(F3::invert(1), 1) == 1);
    CHECK(F3::multiply(F3::invert(-1), -1) == 1);
}

TEST_CASE("an element modulo q: all 16-bit numbers") {
    CHECK(count_wrong(-32768, 32767,
                      [](int x) { return Fq::freeze(int16(x)) != centered(x, Fq::q); }) == 0);
    CHECK(count_wrong(-32768, 32767, [](int x) {
              const int reduced = Fq::reduce(int16(x));
              return centered(reduced - x, Fq::q) != 0 || reduced < -632 || reduced > 5223;
          }) == 0);
}

TEST_CASE("sums of eight products and what is left of the last sum stay within 16 bits") {
    const int largest_sum = 8 * Fq::largest + 5223;
    CHECK(largest_sum <= 32767);
    CHECK(3 * 5223 <= 32767);  // three of them are summed up modulo x^761 - x - 1
}

TEST_CASE("products modulo q: all pairs of elements, of which one may stand for its negative") {
    int wrong = 0;
    for (int a = 0; a <= Fq::largest; ++a) {
        wrong += count_wrong(-Fq::largest, Fq::largest, [a](int b) {
            return Fq::multiply(int16(a), int16(b)) != centered(a * b, Fq::q);
        });
    }
    CHECK(wrong == 0);
}

TEST_CASE("the reciprocal modulo q: all elements") {
    CHECK(Fq::invert(0) == 0);
    CHECK(count_wrong(-Fq::largest, Fq::largest, [](int x) {
              return x != 0 && Fq::multiply(int16(x), Fq::invert(int16(x))) != 1;
          }) == 0);
}

/// cross is the difference of two of them: so it suffices that each is right, and that the two
/// together are no more than what goes in again.
TEST_CASE("Montgomery's reduction: all elements with all numbers that the steps keep") {
    constexpr int largest_kept = 4990;
    constexpr int one = centered(65536, Fq::q);
    int wrong = 0;
    int largest = 0;
    for (int a = -Fq::largest; a <= Fq::largest; ++a) {
        for (int b = -largest_kept; b <= largest_kept; ++b) {
            const int product = Fq::montgomery(int16(a), int16(b));
            largest = std::max(largest, std::abs(product));
            wrong += (product * one - a * b) % Fq::q != 0 ? 1 : 0;
        }
    }
    CHECK(wrong == 0);
    CHECK(2 * largest <= largest_kept);
}

TEST_CASE("masks") {
    for (const int x : {-2147483647, -65536, -2, -1, 0, 1, 2, 65536, 2147483647}) {
        CAPTURE(x);
        CHECK(negative_mask(x) == (x < 0 ? 0xffffffff : 0));
        CHECK(nonzero_mask(x) == (x != 0 ? 0xffffffff : 0));
    }
    CHECK(negative_mask(std::numeric_limits<std::int32_t>::min()) == 0xffffffff);
    CHECK(nonzero_mask(std::numeric_limits<std::int32_t>::min()) == 0xffffffff);
    CHECK(select(0xffffffff, -5, 7) == -5);
    CHECK(select(0, -5, 7) == 7);
}

}  // namespace culvert::sntrup761
