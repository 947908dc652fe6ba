#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/crypto/aes_gcm.hpp"

namespace culvert {

/// Comma separated wire names, each one that culvert has. Throws Error{usage} for one that it
/// hasn't, and names those that it has.
std::vector<std::string> parse_ciphers(std::string_view list);
std::vector<std::string> parse_kex_algorithms(std::string_view list);

/// Those of these ciphers that a CPU with these backends can do, in their order. Throws
/// Error{config} if there is none.
std::vector<std::string> possible_ciphers(std::vector<std::string> names,
                                          const std::vector<AesGcmBackend>& backends);

/// The same as ssh takes them after -c and -o: `+` adds the names to the defaults, `^` puts them
/// first, and `-` takes out those that match its patterns. What this CPU can't do is left out.
/// Throws Error{usage} where none is left.
std::vector<std::string> choose_ciphers(std::string_view list, std::vector<std::string> defaults);
std::vector<std::string> choose_kex_algorithms(std::string_view list);

/// What is offered of these methods, or of all that culvert has for an empty list: only those of
/// kex/is_post_quantum() where that is required. Throws Error{config} where none is left.
std::vector<std::string> offered_kex_algorithms(std::vector<std::string> names,
                                                bool require_post_quantum);

/// `zstd`, `zlib` or `none`, the words of both configuration files, as the wire name. Throws
/// Error{config}.
std::string compression_method(std::string_view word);
/// All of them as wire names, best first.
std::vector<std::string> compression_methods();

/// What a client offers: all methods, the wished one first. A server may have only another.
std::vector<std::string> prefer_compression(std::string_view word);

}  // namespace culvert
