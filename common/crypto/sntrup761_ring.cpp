#include "common/crypto/sntrup761_ring.hpp"

#include <algorithm>
#include <span>

#include "common/crypto/constant_time.hpp"
#include "common/crypto/sntrup761_fields.hpp"

namespace culvert::sntrup761 {
namespace {

// The product is summed up in rows of eight coefficients of g: eight times the largest element and
// what `reduce` leaves are below 2^15.
constexpr std::size_t rows = 8;
constexpr std::size_t margin = 16;
constexpr std::size_t width = padded_p + margin;
using Product = Wiped<std::array<std::int16_t, padded_p - rows + width>>;

/// f * g as whole numbers, each reduced by `reduce` after eight additions.
template <class Reduce>
void multiply(Product& product, const Polynomial& f, const Polynomial& g, Reduce reduce) noexcept {
    Wiped<std::array<std::int16_t, margin + width>> shifted{};
    std::ranges::copy(f, shifted.begin() + margin);
    for (std::size_t row = 0; row < padded_p; row += rows) {
        const std::int16_t* const factors = g.data() + row;
        std::int16_t* const sums = product.data() + row;
        for (std::size_t i = 0; i < width; ++i) {
            const std::int16_t* const at = shifted.data() + margin + i;
            const std::int16_t sum =
                low_half(factors[0] * at[0] + factors[1] * *(at - 1) + factors[2] * *(at - 2) +
                         factors[3] * *(at - 3) + factors[4] * *(at - 4) + factors[5] * *(at - 5) +
                         factors[6] * *(at - 6) + factors[7] * *(at - 7));
            sums[i] = reduce(low_half(sums[i] + sum));
        }
    }
}

/// x^761 is x + 1.
template <class Freeze>
void reduce_modulo_ring(Polynomial& result, const Product& product, Freeze freeze) noexcept {
    result[0] = freeze(low_half(product[0] + product[p]));
    for (std::size_t i = 1; i < p; ++i) {
        result[i] = freeze(low_half(product[i] + product[p + i] + product[p - 1 + i]));
    }
}

/// Where the division steps end.
struct Steps {
    std::int16_t f;           ///< not 0 if delta is
    std::uint32_t any_delta;  ///< 0 if there is a reciprocal, which is v / f
};

/// Bernstein and Yang, "Fast constant-time gcd computation and modular inversion", 2019, section 6.
/// f and g are the ring's polynomial and `small`, each from the highest coefficient down. A step
/// swaps them if that of g is the shorter one, and then takes a multiple of f from g, so that g
/// loses a coefficient. v and r go along with f and g. Where Fq::cross divides by 2^16, it does so
/// for g and r, and thus for f and v later: the quotient v / f stays.
template <class Field>
Steps divide_in_steps(Polynomial& result, const Polynomial& small) noexcept {
    Polynomial whole_f;
    Polynomial whole_r;
    Wiped<std::array<std::int16_t, padded_p + 1>> whole_g{};  // from [1] on
    Wiped<std::array<std::int16_t, padded_p + 1>> whole_v{};  // ends with a zero
    std::int16_t* const f = whole_f.data();
    std::int16_t* const r = whole_r.data();
    std::int16_t* const shifted_g = whole_g.data();
    std::int16_t* const g = shifted_g + 1;
    std::int16_t* const v = whole_v.data();

    f[0] = 1;
    f[p - 1] = f[p] = -1;
    for (std::size_t i = 0; i < p; ++i) g[p - 1 - i] = small[i];
    r[padded_p - 1] = 1;  // r and v have their highest coefficient first, too
    std::int32_t delta = 1;
    for (std::size_t step = 0; step < 2 * p - 1; ++step) {
        const std::int16_t f0 = Field::canonical(f[0]);
        const std::int16_t g0 = Field::canonical(g[0]);
        const std::uint32_t swap = negative_mask(-delta) & nonzero_mask(g0);
        delta = 1 + select(swap, -delta, delta);
        const std::int16_t mask = low_half(static_cast<std::int32_t>(swap));
        // Whether f and g are swapped changes the sign of the new g only, and that of r as well.
        for (std::size_t i = 0; i < padded_p; ++i) {
            const std::int16_t old_f = f[i];
            const std::int16_t old_g = g[i];
            f[i] = low_half(old_f ^ (mask & (old_f ^ old_g)));
            shifted_g[i] = Field::cross(f0, old_g, g0, old_f);
        }
        for (std::size_t i = 0; i < padded_p; ++i) {
            const std::int16_t old_v = v[i + 1];
            const std::int16_t old_r = r[i];
            v[i] = low_half(old_v ^ (mask & (old_v ^ old_r)));
            r[i] = Field::cross(f0, old_r, g0, old_v);
        }
    }

    for (std::size_t i = 0; i < p; ++i) result[i] = Field::canonical(v[padded_p - p + i]);
    return {Field::canonical(f[0]), nonzero_mask(delta)};
}

template <class Field>
void scale(Polynomial& polynomial, std::int16_t factor) noexcept {
    for (std::int16_t& x : polynomial) x = Field::multiply(x, factor);
}

}  // namespace

void multiply_modulo_q(Polynomial& product, const Polynomial& f, const Polynomial& small) noexcept {
    Product whole{};
    multiply(whole, f, small, [](std::int16_t sum) { return Fq::reduce(sum); });
    reduce_modulo_ring(product, whole, [](std::int16_t x) { return Fq::freeze(x); });
}

void multiply_modulo_3(Polynomial& product, const Polynomial& f, const Polynomial& g) noexcept {
    Product whole{};
    multiply(whole, f, g, [](std::int16_t sum) { return sum; });  // at most 761, so far
    reduce_modulo_ring(product, whole, [](std::int16_t x) { return F3::freeze(x); });
}

void invert_three_times(Polynomial& inverse, const Polynomial& small) noexcept {
    const Steps end = divide_in_steps<Fq>(inverse, small);
    scale<Fq>(inverse, Fq::invert(Fq::multiply(3, end.f)));
}

bool invert_modulo_3(Polynomial& inverse, const Polynomial& small) noexcept {
    const Steps end = divide_in_steps<F3>(inverse, small);
    scale<F3>(inverse, F3::invert(end.f));
    declassify(std::as_bytes(std::span{&end.any_delta, 1}));
    return end.any_delta == 0;
}

}  // namespace culvert::sntrup761
