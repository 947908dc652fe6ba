#include "common/keys/private_key.hpp"

namespace culvert {

PrivateKey::PrivateKey(Ed25519PrivateKey key, std::string comment)
    : key_{std::move(key)},
      public_key_{PublicKey::from_ed25519(key_.public_key())},
      comment_{std::move(comment)} {}

PrivateKey PrivateKey::generate(Random& random, std::string comment) {
    return {Ed25519PrivateKey::generate(random), std::move(comment)};
}

}  // namespace culvert
