#include "common/crypto/mlkem768_sampling.hpp"

#include <array>

#include "common/crypto/keccak.hpp"
#include "common/crypto/wiped.hpp"

namespace culvert::mlkem768 {

void sample_uniform(Polynomial& polynomial, Seed rho, std::uint8_t column,
                    std::uint8_t row) noexcept {
    const std::array<std::byte, 2> place{std::byte{column}, std::byte{row}};
    Keccak xof{Keccak::shake128};
    xof.absorb(rho).absorb(place);
    std::array<std::byte, Keccak::shake128.rate> block;
    std::size_t taken = 0;
    for (std::size_t read = block.size(); taken < 256; read += 3) {
        if (read == block.size()) {
            xof.squeeze(block);
            read = 0;
        }
        const auto at = [&](std::size_t i) { return std::to_integer<unsigned>(block[read + i]); };
        for (const unsigned candidate : {at(0) | (at(1) & 15) << 8, at(1) >> 4 | at(2) << 4}) {
            if (candidate < q && taken < 256) {
                polynomial.coefficients[taken++] = static_cast<std::uint16_t>(candidate);
            }
        }
    }
}

void sample_noise(Polynomial& polynomial, Seed seed, std::uint8_t nonce) noexcept {
    const std::array<std::byte, 1> last{std::byte{nonce}};
    Wiped<std::array<std::byte, 128>> bytes;
    Keccak{Keccak::shake256}.absorb(seed).absorb(last).squeeze(bytes);
    for (std::size_t i = 0; i < 256; ++i) {
        const unsigned bits = std::to_integer<unsigned>(bytes[i / 2]) >> i % 2 * 4;
        const unsigned added = (bits & 1) + (bits >> 1 & 1);
        const unsigned subtracted = (bits >> 2 & 1) + (bits >> 3 & 1);
        polynomial.coefficients[i] = reduce(q + added - subtracted);
    }
}

}  // namespace culvert::mlkem768
