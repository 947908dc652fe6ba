#include "common/transport/kex_secret.hpp"

#include "common/wire/writer.hpp"

namespace culvert {

KexSecret KexSecret::mpint_of(const SharedSecret& secret) {
    ByteVector mpint;
    mpint.reserve(capacity);  // so that no copy of the secret is left behind by growing
    Writer{mpint}.mpint(secret.reveal());
    const std::size_t size = mpint.size();
    mpint.resize(capacity);
    return {std::span{mpint}.first<capacity>(), size};
}

}  // namespace culvert
