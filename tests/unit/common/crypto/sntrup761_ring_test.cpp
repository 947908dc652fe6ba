#include "common/crypto/sntrup761_ring.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cstdint>

#include "common/crypto/sntrup761_fields.hpp"
#include "common/crypto/sntrup761_sampling.hpp"
#include "tests/unit/common/crypto/sntrup761_cases.hpp"

namespace culvert::sntrup761 {
namespace {

/// By the definition, with the largest numbers that there are.
std::array<std::int16_t, padded_p> product_by_definition(const Polynomial& f, const Polynomial& g,
                                                         int modulus) {
    std::array<std::int64_t, 2 * p> whole{};
    for (std::size_t i = 0; i < p; ++i) {
        for (std::size_t j = 0; j < p; ++j) whole[i + j] += std::int64_t{f[i]} * g[j];
    }
    for (std::size_t i = 2 * p - 2; i >= p; --i) {
        whole[i - p] += whole[i];
        whole[i - p + 1] += whole[i];
    }
    std::array<std::int16_t, padded_p> product{};
    for (std::size_t i = 0; i < p; ++i) {
        const auto remainder = static_cast<int>((whole[i] % modulus + modulus) % modulus);
        product[i] =
            static_cast<std::int16_t>(remainder > modulus / 2 ? remainder - modulus : remainder);
    }
    return product;
}

void fill(Polynomial& polynomial, int coefficient) {
    std::fill_n(polynomial.begin(), p, static_cast<std::int16_t>(coefficient));
}

void sample_elements(Polynomial& polynomial, Random& random) {
    for (std::size_t i = 0; i < p; ++i) {
        std::array<std::byte, 2> bytes;
        random.fill(bytes);
        polynomial[i] = Fq::freeze(static_cast<std::int16_t>(std::to_integer<int>(bytes[0]) << 8 |
                                                             std::to_integer<int>(bytes[1])));
    }
}

void check_products(const Polynomial& f, const Polynomial& g, const Polynomial& small) {
    Polynomial product;
    multiply_modulo_q(product, f, small);
    CHECK(product == product_by_definition(f, small, Fq::q));
    multiply_modulo_3(product, g, small);
    CHECK(product == product_by_definition(g, small, 3));
}

/// 1, as a polynomial.
bool is_one(const Polynomial& polynomial) {
    Polynomial one;
    one[0] = 1;
    return polynomial == one;
}

}  // namespace

TEST_CASE("products are those of the definition: random polynomials") {
    test::SeededRandom random{1};
    for (int i = 0; i < 10; ++i) {
        Polynomial f;
        Polynomial g;
        Polynomial small;
        sample_elements(f, random);
        sample_small(g, random);
        sample_small(small, random);
        check_products(f, g, small);
    }
}

TEST_CASE("products are those of the definition: where sums are largest") {
    for (const int element : {Fq::q / 2, -Fq::q / 2}) {
        for (const int factor : {1, -1}) {
            for (const int other : {1, -1}) {
                Polynomial f;
                Polynomial g;
                Polynomial small;
                fill(f, element);
                fill(g, other);
                fill(small, factor);
                check_products(f, g, small);
            }
        }
    }
}

TEST_CASE("products are those of the definition: single coefficients") {
    constexpr std::array<std::size_t, 5> places{0, 7, 8, 752, 760};
    for (const std::size_t i : places) {
        for (const std::size_t j : places) {
            CAPTURE(i);
            CAPTURE(j);
            Polynomial f;
            Polynomial g;
            Polynomial small;
            f[i] = -1234;
            g[i] = -1;
            small[j] = 1;
            check_products(f, g, small);
        }
    }
}

TEST_CASE("a reciprocal modulo 3 gives 1") {
    test::SeededRandom random{2};
    for (int i = 0; i < 20; ++i) {
        Polynomial small;
        Polynomial inverse;
        Polynomial product;
        sample_small(small, random);
        REQUIRE(invert_modulo_3(inverse, small));
        multiply_modulo_3(product, inverse, small);
        CHECK(is_one(product));
    }
}

TEST_CASE("a reciprocal of three times a short polynomial modulo q gives 1") {
    test::SeededRandom random{3};
    for (int i = 0; i < 20; ++i) {
        Polynomial small;
        Polynomial inverse;
        Polynomial product;
        sample_short(small, random);
        invert_three_times(inverse, small);
        multiply_modulo_q(product, inverse, small);
        for (std::int16_t& x : product) x = Fq::multiply(x, 3);
        CHECK(is_one(product));
    }
}

TEST_CASE("reciprocals of polynomials with one coefficient") {
    for (const std::size_t i : std::array<std::size_t, 8>{0, 1, 2, 379, 380, 381, 759, 760}) {
        for (const int sign : {1, -1}) {
            Polynomial polynomial;
            polynomial[i] = static_cast<std::int16_t>(sign);
            Polynomial inverse;
            Polynomial product;
            REQUIRE(invert_modulo_3(inverse, polynomial));
            multiply_modulo_3(product, inverse, polynomial);
            CHECK(is_one(product));
            invert_three_times(inverse, polynomial);
            multiply_modulo_q(product, inverse, polynomial);
            for (std::int16_t& x : product) x = Fq::multiply(x, 3);
            CHECK(is_one(product));
        }
    }
}

TEST_CASE("a polynomial that shares a factor with x^761 - x - 1 modulo 3 has no reciprocal") {
    Polynomial factor;
    Polynomial inverse;
    test::set(factor, test::factor_modulo_3);
    CHECK_FALSE(invert_modulo_3(inverse, factor));

    test::SeededRandom random{4};
    for (int i = 0; i < 10; ++i) {
        Polynomial other;
        Polynomial multiple;
        sample_small(other, random);
        multiply_modulo_3(multiple, factor, other);
        CHECK_FALSE(invert_modulo_3(inverse, multiple));
        multiple[0] = F3::freeze(static_cast<std::int16_t>(multiple[0] + 1));
        CHECK(invert_modulo_3(inverse, multiple));
    }
    CHECK_FALSE(invert_modulo_3(inverse, Polynomial{}));
}

}  // namespace culvert::sntrup761
