#pragma once

#include "common/wire/reader.hpp"

namespace culvert {

/// The ciphers that this machine has, the fastest first: AES-256-GCM where the CPU helps with it.
NameList default_ciphers();

}  // namespace culvert
