#pragma once

#include <concepts>

#include "common/base/bytes.hpp"

#ifdef CULVERT_CONSTANT_TIME_TEST
#include <valgrind/memcheck.h>
#endif

/// Helpers for code whose branches and addresses must not depend on secrets. tests/constant_time
/// checks such code.
namespace culvert {

/// The same value, of which the compiler knows nothing: where it knew that a value is 0 or 1, it
/// could replace arithmetic by a branch.
template <std::unsigned_integral T>
T value_barrier(T value) noexcept {
    asm("" : "+r"(value));
    return value;
}

/// States that these bytes are public although secrets were used to compute them. Only the constant
/// time test takes note.
inline void declassify([[maybe_unused]] Bytes bytes) noexcept {
#ifdef CULVERT_CONSTANT_TIME_TEST
    VALGRIND_MAKE_MEM_DEFINED(bytes.data(), bytes.size());
#endif
}

}  // namespace culvert
