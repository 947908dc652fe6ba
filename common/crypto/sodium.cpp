#include "common/crypto/sodium.hpp"

#include <sodium.h>

#include "common/base/error.hpp"

namespace culvert {

void start_crypto() {
    static const bool ready = sodium_init() >= 0;
    if (!ready) {
        throw Error{
            ErrorKind::internal,
            "libsodium can't start: the system has no random source: is /dev/urandom there?"};
    }
}

}  // namespace culvert
