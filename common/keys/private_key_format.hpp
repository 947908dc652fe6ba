#pragma once

#include <string_view>

/// What parsing and formatting of a private key's text share; nobody else includes this.
namespace culvert::openssh_key {

inline constexpr std::string_view begin_line = "-----BEGIN OPENSSH PRIVATE KEY-----";
inline constexpr std::string_view end_line = "-----END OPENSSH PRIVATE KEY-----";
inline constexpr std::string_view magic{"openssh-key-v1\0", 15};
inline constexpr std::size_t block_size = 8;  ///< of the cipher "none"

}  // namespace culvert::openssh_key
