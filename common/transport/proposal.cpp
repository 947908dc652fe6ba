#include "common/transport/proposal.hpp"

#include <algorithm>
#include <tuple>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "common/base/escape.hpp"
#include "common/wire/protocol_error.hpp"

namespace culvert {
namespace {

// The AEAD ciphers bring their own MAC and this list is not looked at, but some peers refuse an
// empty intersection. Should one ever choose from it, only encrypt-then-MAC is there to choose.
constexpr std::string_view mac_for_show = "hmac-sha2-256-etm@openssh.com";

constexpr std::string_view strict_kex_marker(Role sender) {
    return sender == Role::client ? "kex-strict-c-v00@openssh.com" : "kex-strict-s-v00@openssh.com";
}
constexpr std::string_view ext_info_marker(Role sender) {
    return sender == Role::client ? "ext-info-c" : "ext-info-s";
}

bool has(const NameList& list, std::string_view name) {
    return std::ranges::find(list, name) != list.end();
}

// The markers stand among the key exchange algorithms, but a peer that sends ours back has not
// chosen one (RFC 8308 2.2).
bool is_marker(std::string_view name) {
    return name == strict_kex_marker(Role::client) || name == strict_kex_marker(Role::server) ||
           name == ext_info_marker(Role::client) || name == ext_info_marker(Role::server);
}

std::string shown(NameList names) {
    std::erase_if(names, is_marker);
    return names.empty() ? "none" : fmt::format("{}", fmt::join(names, ","));
}

ProtocolError nothing_in_common(std::string_view what, const NameList& ours,
                                const NameList& theirs) {
    return ProtocolError{fmt::format("no common {}: we offer {}, the peer offers {}", what,
                                     shown(ours), escaped(shown(theirs))),
                         DisconnectReason::key_exchange_failed};
}

/// Where we offer post-quantum key exchanges alone: that is our user's choice.
ProtocolError no_common_post_quantum_kex(const NameList& ours, const NameList& theirs, Role us) {
    constexpr auto reason = DisconnectReason::key_exchange_failed;
    const std::string allowed = shown(ours), offered = escaped(shown(theirs));
    if (us == Role::client) {
        return ProtocolError{
            fmt::format("no common post-quantum key exchange: only {} are allowed, the server "
                        "offers {}",
                        allowed, offered),
            reason,
            Hint{"update the server, or allow others (require_post_quantum, kex_algorithms)"}};
    }
    // The next step is for the client's user: this text is all that is seen there.
    return ProtocolError{
        fmt::format("no common post-quantum key exchange: this server allows only {}, the client "
                    "offers {}: update the client, or allow others on the server "
                    "(require_post_quantum, kex_algorithms)",
                    allowed, offered),
        reason};
}

bool is_post_quantum_only(const NameList& names) {
    return std::ranges::all_of(
        names, [](const std::string& name) { return is_marker(name) || is_post_quantum(name); });
}

std::optional<std::string> first_common(const NameList& client, const NameList& server) {
    for (const std::string& name : client) {
        if (has(server, name) && !is_marker(name)) return name;
    }
    return std::nullopt;
}

std::string choose(std::string_view what, const NameList& client, const NameList& server, Role us) {
    const auto& [ours, theirs] =
        us == Role::client ? std::tie(client, server) : std::tie(server, client);
    // Some read the names behind an empty one, and others, sshd among them, don't.
    if (has(theirs, "")) {
        throw ProtocolError{fmt::format("an empty name in the peer's list for the {}", what)};
    }
    if (auto name = first_common(client, server)) return std::move(*name);
    throw nothing_in_common(what, ours, theirs);
}

std::string choose_kex(const NameList& client, const NameList& server, Role us) {
    const auto& [ours, theirs] =
        us == Role::client ? std::tie(client, server) : std::tie(server, client);
    if (is_post_quantum_only(ours) && !has(theirs, "") && !first_common(client, server)) {
        throw no_common_post_quantum_kex(ours, theirs, us);
    }
    return choose("key exchange algorithm", client, server, us);
}

}  // namespace

msg::KexInit make_kexinit(const Algorithms& ours, Role us, Exchange exchange) {
    msg::KexInit message;
    message.kex_algorithms = ours.kex;
    if (exchange == Exchange::first) {
        message.kex_algorithms.emplace_back(ext_info_marker(us));
        message.kex_algorithms.emplace_back(strict_kex_marker(us));
    }
    message.host_key_algorithms = ours.host_key;
    message.ciphers_client_to_server = message.ciphers_server_to_client = ours.ciphers;
    message.macs_client_to_server = message.macs_server_to_client = {std::string{mac_for_show}};
    message.compression_client_to_server = message.compression_server_to_client = ours.compression;
    return message;
}

Negotiated negotiate(const msg::KexInit& client, const msg::KexInit& server, Role us) {
    return {
        .kex = choose_kex(client.kex_algorithms, server.kex_algorithms, us),
        .host_key = choose("host key algorithm", client.host_key_algorithms,
                           server.host_key_algorithms, us),
        .cipher_client_to_server =
            choose("cipher", client.ciphers_client_to_server, server.ciphers_client_to_server, us),
        .cipher_server_to_client =
            choose("cipher", client.ciphers_server_to_client, server.ciphers_server_to_client, us),
        .compression_client_to_server = choose("compression", client.compression_client_to_server,
                                               server.compression_client_to_server, us),
        .compression_server_to_client = choose("compression", client.compression_server_to_client,
                                               server.compression_server_to_client, us),
    };
}

bool has_irregular_lists(Bytes kexinit) {
    constexpr int lists = 10;
    constexpr std::size_t cookie = 16;
    Reader in{kexinit};
    in.expect_number(msg::KexInit::number);
    in.raw(cookie);
    for (int i = 0; i < lists; ++i) {
        if (!is_regular_name_list(in.text())) return true;
    }
    return false;
}

bool guess_is_right(const msg::KexInit& client, const msg::KexInit& server) {
    const auto same_first = [](const NameList& a, const NameList& b) {
        return !a.empty() && !b.empty() && a.front() == b.front();
    };
    return same_first(client.kex_algorithms, server.kex_algorithms) &&
           same_first(client.host_key_algorithms, server.host_key_algorithms);
}

bool asks_strict_kex(const msg::KexInit& peer, Role us) {
    return has(peer.kex_algorithms, strict_kex_marker(peer_of(us)));
}

bool asks_ext_info(const msg::KexInit& peer, Role us) {
    return has(peer.kex_algorithms, ext_info_marker(peer_of(us)));
}

}  // namespace culvert
