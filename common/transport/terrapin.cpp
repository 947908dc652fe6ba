#include "common/transport/terrapin.hpp"

#include <algorithm>
#include <string>

#include <fmt/format.h>

#include "common/base/escape.hpp"
#include "common/crypto/aes_gcm.hpp"

namespace culvert {
namespace {

bool has(const NameList& list, std::string_view name) {
    return std::ranges::find(list, name) != list.end();
}

/// That a client's -c could name, so that the two agree on it.
std::optional<std::string_view> safe_cipher(const FirstNegotiation& exchange) {
    // Our user may name a cipher that we don't offer now. The peer's can't make us offer one.
    const bool we_can = exchange.us == Role::client ? !available_aes_gcm_backends().empty()
                                                    : has(exchange.ours.ciphers, aes256_gcm);
    const bool peer_can = has(exchange.peer.ciphers_client_to_server, aes256_gcm) &&
                          has(exchange.peer.ciphers_server_to_client, aes256_gcm);
    if (!we_can || !peer_can) return std::nullopt;
    return aes256_gcm;
}

std::string advice(const FirstNegotiation& exchange) {
    if (exchange.strict_is_required) return "update it, or take out require_strict_kex";
    if (const auto cipher = safe_cipher(exchange)) {
        return fmt::format("update it, or use -c {}", *cipher);
    }
    return "update it; no other cipher that it offers works here";
}

}  // namespace

std::optional<ProtocolError> refusal_without_strict_kex(const FirstNegotiation& exchange) {
    const Negotiated& negotiated = exchange.negotiated;
    const bool chacha20 = negotiated.cipher_client_to_server == chacha20_poly1305 ||
                          negotiated.cipher_server_to_client == chacha20_poly1305;
    if (!chacha20 && !exchange.strict_is_required) return std::nullopt;
    const std::string text = fmt::format(
        "the peer ({}) doesn't know strict key exchange, without which {} is open to "
        "the Terrapin attack",
        escaped(exchange.peer_version), chacha20 ? "chacha20-poly1305" : "it");
    constexpr auto reason = DisconnectReason::key_exchange_failed;
    if (exchange.us == Role::client) return ProtocolError{text, reason, Hint{advice(exchange)}};
    // The next step is for the peer's user: this text is all that is seen there.
    return ProtocolError{fmt::format("{}: {}", text, advice(exchange)), reason};
}

}  // namespace culvert
