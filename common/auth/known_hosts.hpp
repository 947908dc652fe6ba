#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/keys/public_key.hpp"

namespace culvert {

/// The port that known_hosts leaves out.
inline constexpr std::uint16_t ssh_port = 22;

/// A line of a known_hosts file (sshd(8), SSH_KNOWN_HOSTS FILE FORMAT) that was understood.
struct KnownHostEntry {
    enum class Marker { none, cert_authority, revoked };

    Marker marker = Marker::none;
    std::string hosts;  ///< the pattern list, or |1|salt|hash
    PublicKey key;      ///< of any type
    std::size_t line;   ///< from 1
};

/// What one file holds.
struct KnownHostsFile {
    std::string path;
    std::vector<KnownHostEntry> entries;
    std::vector<std::string> warnings;  ///< "FILE:LINE: ..." for each line that was skipped
};

KnownHostsFile parse_known_hosts(std::string_view text, const std::string& path);

enum class KnownHostState {
    match,       ///< the key is the host's
    changed,     ///< the host has another key of this type
    other_type,  ///< the host is known by keys of other types only
    revoked,     ///< the key must not be trusted, whatever else is known
    unknown,     ///< no file knows the host
};

/// The entry that decided; none for `unknown`.
struct [[nodiscard]] KnownHostAnswer {
    KnownHostState state = KnownHostState::unknown;
    std::string file;
    std::size_t line = 0;
    std::optional<PublicKey> known;
    std::string name;  ///< the one of the server's names that the entry is for
};

/// Names beside a host's own: those of equivalent_hosts(). An alias (HostKeyAlias) has none.
enum class OtherNames { count, ignored };

/// Is `key` the key of `host`? A port other than 22 is looked up as [host]:port, and where no file
/// knows that, as the bare host, as ssh does. Where no file knows `host`, a canonical one, its
/// other names count: a host known by another spelling of its name is no unknown one. An alias has
/// port 22.
KnownHostAnswer look_up_known_host(std::span<const KnownHostsFile> files, std::string_view host,
                                   std::uint16_t port, const PublicKey& key,
                                   OtherNames others = OtherNames::count);

/// The name that an entry for this server has: `host`, or `[host]:port`, in lower case.
std::string known_host_name(std::string_view host, std::uint16_t port);

/// A line for known_hosts, newline included. `salt` hashes the name (20 bytes, HMAC-SHA1).
std::string format_known_host(std::string_view name, const PublicKey& key);
std::string format_hashed_known_host(std::string_view name, const PublicKey& key,
                                     std::span<const std::byte, 20> salt);

/// Do the entries of the file with names have them hashed?
bool names_are_hashed(const KnownHostsFile& file);

}  // namespace culvert
