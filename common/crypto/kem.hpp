#pragma once

#include "common/crypto/secret.hpp"

namespace culvert {

/// What both sides of a key encapsulation get. It is 32 bytes long with ML-KEM-768 and sntrup761.
using KemSecret = Secret<struct KemSecretTag, 32>;

}  // namespace culvert
