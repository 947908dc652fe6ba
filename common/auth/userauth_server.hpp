#pragma once

#include <optional>
#include <string>

#include "common/base/bytes.hpp"
#include "common/keys/public_key.hpp"

namespace culvert {

struct UserauthLimits {
    unsigned tries = 6;      ///< failures that count; questions and `none` don't
    unsigned requests = 64;  ///< of any kind: an agent with that many keys is a flood
};

/// The client showed a key for a user, and the owner must say whether that user may come in with
/// it. `proved`: the signature is there and right, so a yes lets the user in. Nothing else is read
/// until the answer.
struct KeyShown {
    std::string user;  ///< not escaped
    PublicKey key;
    bool proved;
};

/// The server's side of user authentication (RFC 4252): publickey alone.
class UserauthServer {
public:
    explicit UserauthServer(UserauthLimits limits) noexcept : limits_{limits} {}

    /// The reply to SERVICE_REQUEST. Throws ProtocolError for another service, or out of turn.
    ByteVector on_service_request(Bytes payload);

    /// A USERAUTH_REQUEST: either a question for the owner, or a reply to be sent. Throws
    /// ProtocolError for a garbled request and when there have been too many.
    struct Outcome {
        std::optional<KeyShown> shown;
        ByteVector reply;
    };
    Outcome on_request(Bytes payload, Bytes session_id);

    /// The owner's answer, as the reply to send. After accepting a proved key the user is in.
    ByteVector accept();
    ByteVector refuse();

    bool awaits_answer() const noexcept { return shown_.has_value(); }
    bool authenticated() const noexcept { return authenticated_; }
    const std::string& user() const noexcept { return user_; }
    /// The key that let the user in; only once authenticated().
    const PublicKey& key() const { return *key_; }

private:
    ByteVector failure(bool counts);

    UserauthLimits limits_;
    bool service_accepted_ = false;
    bool authenticated_ = false;
    unsigned failures_ = 0;
    unsigned requests_ = 0;
    std::string user_;
    std::optional<KeyShown> shown_;
    std::optional<PublicKey> key_;
};

}  // namespace culvert
