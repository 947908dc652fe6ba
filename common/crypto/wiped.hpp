#pragma once

#include <sodium.h>

namespace culvert {

/// A local variable, or a member, of a class T that holds secrets: its bytes are wiped when it
/// goes.
template <class T>
struct Wiped : T {
    Wiped() noexcept = default;
    Wiped(const Wiped&) = delete;
    Wiped& operator=(const Wiped&) = delete;
    ~Wiped() { sodium_memzero(static_cast<T*>(this), sizeof(T)); }
};

}  // namespace culvert
