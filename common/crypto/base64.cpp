#include "common/crypto/base64.hpp"

#include <sodium.h>

#include <algorithm>

namespace culvert {
namespace {

std::optional<std::size_t> decode(std::string_view text, MutableBytes to) {
    // libsodium 1.0.18 counts bytes above 127 as negative, and takes them for one of the letters.
    if (std::ranges::any_of(text, [](char c) { return (c & 0x80) != 0; })) return std::nullopt;
    std::size_t length = 0;
    // With no place to report the end in, libsodium wants the whole text to be base64.
    const int failure = sodium_base642bin(uchar(to), to.size(), text.data(), text.size(), nullptr,
                                          &length, nullptr, sodium_base64_VARIANT_ORIGINAL);
    if (failure != 0) return std::nullopt;
    return length;
}

// One byte more than comes out: libsodium wants a place to write to even for nothing.
std::size_t room_for(std::string_view text) { return text.size() / 4 * 3 + 1; }

}  // namespace

std::string base64_encode(Bytes bytes, Base64Padding padding) {
    const int variant = padding == Base64Padding::with ? sodium_base64_VARIANT_ORIGINAL
                                                       : sodium_base64_VARIANT_ORIGINAL_NO_PADDING;
    std::string text(sodium_base64_encoded_len(bytes.size(), variant), '\0');
    sodium_bin2base64(text.data(), text.size(), uchar(bytes), bytes.size(), variant);
    text.pop_back();  // the zero that ends a C string
    return text;
}

std::optional<ByteVector> base64_decode(std::string_view text) {
    ByteVector bytes(room_for(text));
    const auto length = decode(text, bytes);
    if (!length) return std::nullopt;
    bytes.resize(*length);
    return bytes;
}

std::optional<SecretBytes> base64_decode_secret(std::string_view text) {
    SecretBytes bytes{room_for(text)};
    const auto length = decode(text, bytes.writable());
    if (!length) return std::nullopt;
    bytes.shrink(*length);
    return bytes;
}

}  // namespace culvert
