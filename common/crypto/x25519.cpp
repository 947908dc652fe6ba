#include "common/crypto/x25519.hpp"

#include <sodium.h>

#include <span>

namespace culvert {
namespace {

template <class Key>
Key generate(Random& random) {
    std::array<std::byte, Key::size> bytes;
    random.fill(bytes);
    return Key{std::span{bytes}};
}

}  // namespace

X25519KeyPair::X25519KeyPair(Random& random) : private_key_{generate<PrivateKey>(random)} {
    crypto_scalarmult_curve25519_base(uchar(MutableBytes{public_key_}),
                                      uchar(private_key_.reveal()));
}

std::optional<SharedSecret> X25519KeyPair::shared_secret(const X25519PublicKey& peer) const {
    std::array<std::byte, SharedSecret::size> bytes{};
    const int failure = crypto_scalarmult_curve25519(uchar(MutableBytes{bytes}),
                                                     uchar(private_key_.reveal()), uchar(peer));
    SharedSecret secret{std::span{bytes}};
    // The only reason: a point of small order, or zeros as the result.
    if (failure != 0) return std::nullopt;
    return secret;
}

}  // namespace culvert
