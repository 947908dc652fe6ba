#include "common/keys/fingerprint.hpp"

#include "common/crypto/base64.hpp"
#include "common/crypto/sha2.hpp"

namespace culvert {

std::string fingerprint(Bytes key_blob) {
    return "SHA256:" + base64_encode(sha256(key_blob), Base64Padding::without);
}

}  // namespace culvert
