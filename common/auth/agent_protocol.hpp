#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/bytes.hpp"
#include "common/keys/public_key.hpp"

/// What is said to an SSH agent (draft-ietf-sshm-ssh-agent): each message is its length in four
/// bytes, then its number and fields.
namespace culvert::agent {

/// OpenSSH's limit, for requests and answers alike.
inline constexpr std::size_t max_message_size = 256 * 1024;

/// SSH_AGENTC_REQUEST_IDENTITIES, with the length before it.
ByteVector list_request();
/// SSH_AGENTC_SIGN_REQUEST, with the length before it: a signature of `data` in this signature
/// algorithm. Throws Error{internal} if that makes it longer than the limit.
ByteVector sign_request(const PublicKey& key, Bytes data, std::string_view algorithm);

/// The length of the message that follows these four bytes. Throws ProtocolError if no message is
/// that long.
std::size_t message_size(Bytes header);

/// SSH_AGENT_IDENTITIES_ANSWER: the keys, in the agent's order. One that is not well-formed, or of
/// a type that no server should take any more (ssh-dss), is left out. Throws ProtocolError.
std::vector<PublicKey> parse_keys(Bytes message);
/// SSH_AGENT_SIGN_RESPONSE: the signature blob; nothing if the agent refuses, or signed in another
/// way than it was asked to (one that doesn't know RFC 8332 signs with SHA-1). Throws
/// ProtocolError.
std::optional<ByteVector> parse_signature(Bytes message, std::string_view algorithm);

}  // namespace culvert::agent
