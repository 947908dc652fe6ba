#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/endpoint.hpp"
#include "common/base/ip_address.hpp"
#include "common/keys/public_key.hpp"

namespace culvert {

/// What a key's permitopen or permitlisten names: the host literally as the client asks for it, `*`
/// for any.
struct PermittedTarget {
    std::string host;
    std::optional<std::uint16_t> port;  ///< none: any

    bool allows(std::string_view host_asked, std::uint32_t port_asked) const noexcept;

    friend bool operator==(const PermittedTarget&, const PermittedTarget&) = default;
};

/// What a key may do once its owner has logged in with it.
struct KeyPermissions {
    bool port_forwarding = true;
    std::vector<PermittedTarget> permit_open;    ///< empty: the key restricts nothing
    std::vector<PermittedTarget> permit_listen;  ///< empty: the key restricts nothing

    friend bool operator==(const KeyPermissions&, const KeyPermissions&) = default;
};

/// A line of an authorized_keys file (sshd(8), AUTHORIZED_KEYS FILE FORMAT) that holds a key.
struct AuthorizedKey {
    PublicKey key;
    std::string comment;
    KeyPermissions permissions;
    std::optional<std::string> from;  ///< the pattern list as written
    std::optional<std::chrono::system_clock::time_point> expires;
    /// Why this key lets nobody in: an option that we don't know might have been a restriction.
    std::optional<std::string> refused;
};

/// Nothing for a blank line, a comment, and a key of a type that is not ours. Throws Error{config}
/// for what is no line of such a file at all.
std::optional<AuthorizedKey> parse_authorized_key(std::string_view line);

/// Why a second key on the same line is not used: it stands in the first one's comment. That is
/// what joining files makes of one whose last line lacks its newline. Nothing if there is none.
[[nodiscard]] std::optional<std::string> why_second_key_is_lost(const AuthorizedKey& key);

/// Why `key` does not let `peer` in at `now`: refused, expired, or from elsewhere; nothing if it
/// does.
[[nodiscard]] std::optional<std::string> why_refused(const AuthorizedKey& key,
                                                     const IpAddress& peer,
                                                     std::chrono::system_clock::time_point now);

/// The outcome of a search through a whole file.
struct AuthorizedKeySearch {
    std::optional<KeyPermissions> allowed;
    std::vector<std::string> warnings;  ///< "line 3: ...": why lines that hold the key don't count
};

/// The first line that holds `key` and lets `peer` in decides, as with sshd.
[[nodiscard]] AuthorizedKeySearch search_authorized_keys(std::string_view file_text,
                                                         const PublicKey& key,
                                                         const IpAddress& peer,
                                                         std::chrono::system_clock::time_point now);

}  // namespace culvert
