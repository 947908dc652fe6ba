#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace culvert {

/// Comma separated wire names as -c takes them, each one that culvert has. Throws Error{usage} for
/// one that it hasn't, and names those that it has.
std::vector<std::string> parse_ciphers(std::string_view list);
std::vector<std::string> parse_kex_algorithms(std::string_view list);

/// `zlib` or `none`, the words of both configuration files, as the wire name. Throws Error{config}.
std::string compression_method(std::string_view word);

/// What a client offers: both methods, the wished one first. A server may have only the other.
std::vector<std::string> prefer_compression(bool compress);

}  // namespace culvert
