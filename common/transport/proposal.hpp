#pragma once

#include <optional>
#include <string>

#include "common/kex/kex_method.hpp"
#include "common/wire/role.hpp"
#include "common/wire/transport_messages.hpp"

namespace culvert {

constexpr std::string_view aes256_gcm = "aes256-gcm@openssh.com";
constexpr std::string_view chacha20_poly1305 = "chacha20-poly1305@openssh.com";

/// What we are willing to speak, each list in our order of preference.
struct Algorithms {
    NameList kex = kex_methods();
    bool guess = true;  ///< a client's first exchange begins before the server's lists are there
    NameList host_key{"ssh-ed25519"};
    NameList ciphers;
    NameList compression{"none"};
};

/// What both sides came to (RFC 4253 7.1).
struct Negotiated {
    std::string kex;
    std::string host_key;
    std::string cipher_client_to_server;
    std::string cipher_server_to_client;
    std::string compression_client_to_server;
    std::string compression_server_to_client;
};

/// Which exchange of a connection a KEXINIT opens: the markers of strict KEX (OpenSSH PROTOCOL 1.9)
/// and EXT_INFO (RFC 8308 2.1) stand in the first alone.
enum class Exchange { first, rekey };

/// Our KEXINIT but for its cookie and its guess.
msg::KexInit make_kexinit(const Algorithms& ours, Role us, Exchange exchange);

/// Throws ProtocolError, with both lists, where the two have nothing in common.
Negotiated negotiate(const msg::KexInit& client, const msg::KexInit& server, Role us);

/// Whether one of the ten lists of this KEXINIT breaks RFC 4251 5 or 6.
bool has_irregular_lists(Bytes kexinit);

/// RFC 4253 7.1: a guessed first packet counts only if both sides' first choices agree.
bool guess_is_right(const msg::KexInit& client, const msg::KexInit& server);

bool asks_strict_kex(const msg::KexInit& peer, Role us);
bool asks_ext_info(const msg::KexInit& peer, Role us);

}  // namespace culvert
