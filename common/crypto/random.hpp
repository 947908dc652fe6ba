#pragma once

#include "common/base/bytes.hpp"

namespace culvert {

/// Where random bytes come from: an argument of everything below the I/O line that needs some, so
/// that a test can say what they are.
class Random {
public:
    virtual ~Random() = default;
    virtual void fill(MutableBytes bytes) = 0;
};

/// The system's random source, for keys and everything else. No state: safe to share by threads,
/// and differs between two processes after a fork. One system call each time.
class SystemRandom final : public Random {
public:
    void fill(MutableBytes bytes) override;
};

}  // namespace culvert
