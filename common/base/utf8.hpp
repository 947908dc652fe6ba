#pragma once

#include <cstddef>
#include <string_view>

namespace culvert {

/// The bytes of the first character of `text` if that is well-formed UTF-8 (RFC 3629) beyond ASCII
/// and safe to show: no control, no line separator, nothing invisible and nothing that changes the
/// direction of the text around it. Otherwise 0.
std::size_t shown_utf8_length(std::string_view text) noexcept;

}  // namespace culvert
