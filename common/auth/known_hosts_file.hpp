#pragma once

#include <string>

#include "common/auth/known_hosts.hpp"
#include "common/crypto/random.hpp"

namespace culvert {

/// Reads a known_hosts file; one that doesn't exist has no entries. Throws Error{config} if it
/// can't be read: whoever verifies a host key must not go on as if the host were unknown.
KnownHostsFile read_known_hosts(const std::string& path);

enum class HashNames { as_the_file_does, yes };

/// Adds an entry for the server at the file's end, as ssh does: what others add at the same time
/// stays, and so does what was there. A new file is 0600, its folder 0700. Throws Error{config}.
void add_known_host(const std::string& path, std::string_view host, std::uint16_t port,
                    const PublicKey& key, HashNames hash_names, Random& random);

}  // namespace culvert
