#include "common/crypto/sha2.hpp"

namespace culvert {

Sha256& Sha256::update(Bytes more) noexcept {
    crypto_hash_sha256_update(&state_, uchar(more), more.size());
    return *this;
}

Sha256Digest Sha256::finish() noexcept {
    Sha256Digest digest;
    crypto_hash_sha256_final(&state_, uchar(MutableBytes{digest}));
    return digest;
}

Sha512& Sha512::update(Bytes more) noexcept {
    crypto_hash_sha512_update(&state_, uchar(more), more.size());
    return *this;
}

Sha512Digest Sha512::finish() noexcept {
    Sha512Digest digest;
    crypto_hash_sha512_final(&state_, uchar(MutableBytes{digest}));
    return digest;
}

Sha256Digest sha256(Bytes message) noexcept { return Sha256{}.update(message).finish(); }

Sha512Digest sha512(Bytes message) noexcept { return Sha512{}.update(message).finish(); }

Sha256Digest hmac_sha256(Bytes key, Bytes message) noexcept {
    crypto_auth_hmacsha256_state state;
    crypto_auth_hmacsha256_init(&state, uchar(key), key.size());
    crypto_auth_hmacsha256_update(&state, uchar(message), message.size());
    Sha256Digest digest;
    crypto_auth_hmacsha256_final(&state, uchar(MutableBytes{digest}));
    sodium_memzero(&state, sizeof state);
    return digest;
}

}  // namespace culvert
