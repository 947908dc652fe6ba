#include "common/auth/agent_protocol.hpp"

#include "common/auth/signature_algorithm.hpp"
#include "common/base/big_endian.hpp"
#include "common/base/error.hpp"
#include "common/wire/protocol_error.hpp"
#include "common/wire/reader.hpp"
#include "common/wire/writer.hpp"

namespace culvert::agent {
namespace {

// draft-ietf-sshm-ssh-agent 6.1
constexpr std::uint8_t failure = 5;
constexpr std::uint8_t request_identities = 11;
constexpr std::uint8_t identities_answer = 12;
constexpr std::uint8_t sign_request_number = 13;
constexpr std::uint8_t sign_response = 14;
// 6.2: which hash an RSA key signs with
constexpr std::uint32_t rsa_sha2_256 = 2;
constexpr std::uint32_t rsa_sha2_512 = 4;

std::uint32_t flags_of(std::string_view algorithm) {
    if (algorithm.starts_with("rsa-sha2-512")) return rsa_sha2_512;
    if (algorithm.starts_with("rsa-sha2-256")) return rsa_sha2_256;
    return 0;
}

ByteVector with_length(Bytes message) {
    if (message.size() > max_message_size) {
        throw Error{ErrorKind::internal, "a request is longer than an agent takes"};
    }
    ByteVector framed;
    Writer{framed}.string(message);
    return framed;
}

}  // namespace

ByteVector list_request() {
    ByteVector message;
    Writer{message}.byte(request_identities);
    return with_length(message);
}

ByteVector sign_request(const PublicKey& key, Bytes data, std::string_view algorithm) {
    ByteVector message;
    Writer out{message};
    out.byte(sign_request_number);
    out.string(key.blob());
    out.string(data);
    out.uint32(flags_of(algorithm));
    return with_length(message);
}

std::size_t message_size(Bytes header) {
    const std::size_t size = Reader{header}.uint32();
    if (size == 0 || size > max_message_size) {
        throw ProtocolError{"the agent's answer has an impossible length"};
    }
    return size;
}

std::vector<PublicKey> parse_keys(Bytes message) {
    Reader in{message};
    in.expect_number(identities_answer);
    std::vector<PublicKey> keys;
    for (std::uint32_t left = in.uint32(); left > 0; --left) {
        const Bytes blob = in.string();
        in.string();  // the comment
        try {
            PublicKey key = PublicKey::from_blob(blob);
            if (key.algorithm() != "ssh-dss") keys.push_back(std::move(key));
        } catch (const ProtocolError&) {
            // The other keys are good all the same.
        }
    }
    in.expect_end();
    return keys;
}

std::optional<ByteVector> parse_signature(Bytes message, std::string_view algorithm) {
    Reader in{message};
    const std::uint8_t number = in.byte();
    if (number == failure) return std::nullopt;
    if (number != sign_response) throw ProtocolError{"the agent answers with another message"};
    const Bytes signature = in.string();
    in.expect_end();
    if (Reader{signature}.text() != plain_algorithm(algorithm)) return std::nullopt;
    return ByteVector{signature.begin(), signature.end()};
}

}  // namespace culvert::agent
