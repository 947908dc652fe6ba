#pragma once

#include <nettle/sha3.h>

#include <cstddef>
#include <cstdint>

#include "common/base/bytes.hpp"

namespace culvert {

/// The sponge of FIPS 202 on nettle's permutation, for each of its functions. The state is wiped
/// when it goes: what was absorbed may be secret.
class Keccak {
public:
    struct Function {
        std::uint8_t rate;    ///< bytes absorbed or squeezed by each permutation
        std::uint8_t suffix;  ///< the domain separation bits and the first bit of the padding
    };
    static constexpr Function sha3_256{136, 0x06}, sha3_512{72, 0x06};
    static constexpr Function shake128{168, 0x1f}, shake256{136, 0x1f};

    explicit Keccak(Function function) noexcept : function_{function} {}
    Keccak(const Keccak&) = delete;
    Keccak& operator=(const Keccak&) = delete;
    ~Keccak();

    /// Not after the first squeeze.
    Keccak& absorb(Bytes more) noexcept;
    /// The next bytes of the output. Of SHA-3 the digest's length, once.
    void squeeze(MutableBytes to) noexcept;

private:
    void xor_into_state(std::size_t position, std::uint8_t byte) noexcept;

    sha3_state state_{};
    Function function_;
    std::size_t position_ = 0;  ///< in the block that is absorbed or squeezed
    bool squeezing_ = false;
};

}  // namespace culvert
