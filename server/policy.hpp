#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "common/auth/authorized_keys.hpp"
#include "common/base/ip_address.hpp"

namespace culvert {

/// One line of permit_open: `host:port`, where the port may be `*` and the host is
///  - `*`: any target at all;
///  - an address or a network (`10.0.0.0/8`, `[2001:db8::]/32`): whatever resolves into it;
///  - a name (`pop3.example.com`): that name, whatever it resolves to;
///  - a name with `*` or `?` in it: such a name, but never where it resolves to a loopback,
///    link-local, unspecified or multicast address.
class OpenRule {
public:
    /// `*:*`
    OpenRule() = default;

    /// Throws Error{config} that says which part is wrong.
    static OpenRule parse(std::string_view text);

    /// Might it allow `host` and `port` once the host's address is known?
    bool may_allow(std::string_view host, std::uint32_t port) const;
    bool allows(std::string_view host, std::uint32_t port, const IpAddress& resolved) const;

    /// As it was written.
    const std::string& text() const noexcept { return text_; }

    friend bool operator==(const OpenRule&, const OpenRule&) = default;

private:
    enum class Host { any, network, name, name_pattern };

    Host kind_ = Host::any;
    std::string name_;  ///< lower case, without a last dot
    std::optional<IpNetwork> network_;
    std::optional<std::uint16_t> port_;  ///< none: any
    std::string text_ = "*:*";
};

/// What a client asked for in CHANNEL_OPEN direct-tcpip (RFC 4254 7.2), untouched.
struct OpenRequest {
    std::string_view host;
    std::uint32_t port = 0;
};

/// Why the request names no target that anybody could connect to, whatever the rules say.
[[nodiscard]] std::optional<std::string> why_no_target(const OpenRequest& request);

/// Why the request is denied before any name is resolved; nothing if it goes on to be resolved.
/// `user_rules` are the user's permit_open: one that allows is enough; the key's permitopen has to
/// allow as well.
[[nodiscard]] std::optional<std::string> why_denied(const KeyPermissions& key,
                                                    std::span<const OpenRule> user_rules,
                                                    const OpenRequest& request);

/// The same for one resolved address: to be asked for every address before connecting to it, and
/// to that very address.
[[nodiscard]] std::optional<std::string> why_denied(const KeyPermissions& key,
                                                    std::span<const OpenRule> user_rules,
                                                    const OpenRequest& request,
                                                    const IpAddress& resolved);

}  // namespace culvert
