#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "common/base/bytes.hpp"
#include "common/crypto/secret_bytes.hpp"

namespace culvert {

enum class Base64Padding { with, without };

/// Base64 of RFC 4648 4, on one line. Neither way depends on the content in time, so that private
/// keys may pass.
std::string base64_encode(Bytes bytes, Base64Padding padding = Base64Padding::with);

/// Strict: the alphabet alone (no white space), all of the padding, no bits left over, so that each
/// content has one text. Empty for anything else.
std::optional<ByteVector> base64_decode(std::string_view text);
std::optional<SecretBytes> base64_decode_secret(std::string_view text);

}  // namespace culvert
