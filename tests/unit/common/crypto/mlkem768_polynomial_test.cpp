#include "common/crypto/mlkem768_polynomial.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <random>

using namespace culvert::mlkem768;

namespace {

Polynomial uniform(std::mt19937& random) {
    Polynomial polynomial;
    for (auto& x : polynomial.coefficients) x = static_cast<std::uint16_t>(random() % q);
    return polynomial;
}

Polynomial all(unsigned coefficient) {
    Polynomial polynomial;
    polynomial.coefficients.fill(static_cast<std::uint16_t>(coefficient));
    return polynomial;
}

/// As at school, modulo X^256 + 1.
Polynomial plain_product(const Polynomial& a, const Polynomial& b) {
    std::array<std::int64_t, 256> sums{};
    for (std::size_t i = 0; i < 256; ++i) {
        for (std::size_t j = 0; j < 256; ++j) {
            const std::int64_t product = a.coefficients[i] * std::int64_t{b.coefficients[j]};
            sums[(i + j) % 256] += i + j < 256 ? product : -product;
        }
    }
    Polynomial result;
    for (std::size_t i = 0; i < 256; ++i) {
        result.coefficients[i] =
            static_cast<std::uint16_t>((sums[i] % std::int64_t{q} + q) % std::int64_t{q});
    }
    return result;
}

Polynomial product_by_ntt(const Vector& a, const Vector& b) {
    Vector transformed_a = a;
    Vector transformed_b = b;
    for (Polynomial& polynomial : transformed_a.polynomials) ntt(polynomial);
    for (Polynomial& polynomial : transformed_b.polynomials) ntt(polynomial);
    Polynomial product;
    inner_product(product, transformed_a, transformed_b);
    inverse_ntt(product);
    return product;
}

}  // namespace

// The quotient doesn't shrink as x grows, so that those at both ends of the numbers with one
// quotient prove it for all between them.
TEST_CASE("divide_by_q and reduce are right for every number below 2^27") {
    constexpr std::uint32_t end = 1 << 27;
    std::uint32_t wrong = 0;
    for (std::uint32_t quotient = 0; quotient * q < end; ++quotient) {
        const std::uint32_t first = quotient * q;
        const std::uint32_t last = std::min(first + q, end) - 1;
        wrong += divide_by_q(first) != quotient || reduce(first) != 0;
        wrong += divide_by_q(last) != quotient || reduce(last) != last - first;
    }
    CHECK(wrong == 0);
}

TEST_CASE("a product by transforms is the product modulo X^256 + 1") {
    std::mt19937 random{1};
    for (int round = 0; round < 5; ++round) {
        CAPTURE(round);
        Vector a;
        Vector b;
        Polynomial expected = all(0);
        for (std::size_t i = 0; i < 3; ++i) {
            // The largest numbers are where an intermediate result could be too long.
            a.polynomials[i] = round == 0 ? all(q - 1) : uniform(random);
            b.polynomials[i] = round <= 1 ? all(q - 1) : uniform(random);
            add(expected, plain_product(a.polynomials[i], b.polynomials[i]));
        }
        CHECK(product_by_ntt(a, b).coefficients == expected.coefficients);
    }
}

TEST_CASE("all sums of products of the largest numbers are right") {
    // Of a pair modulo X^2 - gamma: (q-1)(1 + X) squared, three times.
    Vector largest;
    largest.polynomials.fill(all(q - 1));
    Polynomial product;
    inner_product(product, largest, largest);
    std::uint32_t sum_of_gammas = 0;
    for (std::size_t i = 0; i < 128; ++i) {
        CHECK(product.coefficients[2 * i + 1] == 6);
        sum_of_gammas += reduce(product.coefficients[2 * i] + q - 3);
    }
    CHECK(sum_of_gammas % q == 0);  // gammas come with both signs
}

TEST_CASE("the inverse transform undoes the transform") {
    std::mt19937 random{2};
    for (const Polynomial& original : {all(0), all(1), all(q - 1), uniform(random)}) {
        Polynomial polynomial = original;
        ntt(polynomial);
        for (const auto x : polynomial.coefficients) CHECK(x < q);
        inverse_ntt(polynomial);
        CHECK(polynomial.coefficients == original.coefficients);
    }
}

TEST_CASE("sums and differences are modulo q") {
    const Polynomial smallest = all(0);
    const Polynomial largest = all(q - 1);
    Polynomial sum = largest;
    add(sum, largest);
    CHECK(sum.coefficients == all(q - 2).coefficients);
    Polynomial difference = smallest;
    subtract(difference, largest);
    CHECK(difference.coefficients == all(1).coefficients);
    subtract(difference, smallest);
    CHECK(difference.coefficients == all(1).coefficients);
}
