#include "common/kex/kex_secret.hpp"

#include <cassert>

#include "common/wire/writer.hpp"

namespace culvert {

/// So large that no copy of the secret is left behind by growing.
ByteVector KexSecret::room() {
    ByteVector room;
    room.reserve(capacity);
    return room;
}

KexSecret KexSecret::take(ByteVector&& encoded) {
    const std::size_t size = encoded.size();
    assert(size <= capacity);
    encoded.resize(capacity);
    return {std::span{encoded}.first<capacity>(), size};
}

KexSecret KexSecret::mpint_of(Bytes secret) {
    ByteVector mpint = room();
    Writer{mpint}.mpint(secret);
    return take(std::move(mpint));
}

KexSecret KexSecret::string_of(Bytes secret) {
    ByteVector string = room();
    Writer{string}.string(secret);
    return take(std::move(string));
}

}  // namespace culvert
