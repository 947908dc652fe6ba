#include "common/crypto/ed25519.hpp"

#include <sodium.h>

namespace culvert {

Ed25519PrivateKey::Ed25519PrivateKey(const Ed25519Seed& seed)
    : secret_{crypto_sign_ed25519_SECRETKEYBYTES} {
    crypto_sign_ed25519_seed_keypair(uchar(MutableBytes{public_key_.bytes}),
                                     uchar(secret_.writable()), uchar(seed.reveal()));
}

Ed25519PrivateKey Ed25519PrivateKey::generate(Random& random) {
    std::array<std::byte, Ed25519Seed::size> bytes;
    random.fill(bytes);
    return Ed25519PrivateKey{Ed25519Seed{std::span{bytes}}};
}

Ed25519Signature Ed25519PrivateKey::sign(Bytes message) const {
    Ed25519Signature signature;
    crypto_sign_ed25519_detached(uchar(MutableBytes{signature}), nullptr, uchar(message),
                                 message.size(), uchar(secret_.reveal()));
    return signature;
}

bool verify(const Ed25519PublicKey& key, Bytes message,
            const Ed25519Signature& signature) noexcept {
    return crypto_sign_ed25519_verify_detached(uchar(signature), uchar(message), message.size(),
                                               uchar(key.bytes)) == 0;
}

}  // namespace culvert
