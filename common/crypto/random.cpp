#include "common/crypto/random.hpp"

#include <sodium.h>

namespace culvert {

void SystemRandom::fill(MutableBytes bytes) { randombytes_buf(bytes.data(), bytes.size()); }

}  // namespace culvert
