#include "common/crypto/keccak.hpp"

#include <sodium.h>

#include <cassert>

namespace culvert {

Keccak::~Keccak() { sodium_memzero(&state_, sizeof state_); }

Keccak& Keccak::absorb(Bytes more) noexcept {
    assert(!squeezing_);
    for (const std::byte byte : more) {
        xor_into_state(position_++, std::to_integer<std::uint8_t>(byte));
        if (position_ == function_.rate) {
            sha3_permute(&state_);
            position_ = 0;
        }
    }
    return *this;
}

void Keccak::squeeze(MutableBytes to) noexcept {
    if (!squeezing_) {
        xor_into_state(position_, function_.suffix);
        xor_into_state(function_.rate - std::size_t{1}, 0x80);  // the padding's last bit
        position_ = function_.rate;
        squeezing_ = true;
    }
    for (std::byte& byte : to) {
        if (position_ == function_.rate) {
            sha3_permute(&state_);
            position_ = 0;
        }
        byte = static_cast<std::byte>(state_.a[position_ / 8] >> position_ % 8 * 8);
        ++position_;
    }
}

// The state is 25 numbers of 8 bytes, the lowest byte first (FIPS 202 B.1).
void Keccak::xor_into_state(std::size_t position, std::uint8_t byte) noexcept {
    state_.a[position / 8] ^= std::uint64_t{byte} << position % 8 * 8;
}

}  // namespace culvert
