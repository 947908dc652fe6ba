#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/auth/signed_request.hpp"
#include "common/base/bytes.hpp"
#include "common/keys/public_key.hpp"

namespace culvert {

struct UserauthLimits {
    unsigned tries = 6;      ///< failures that count; queries and `none` don't
    unsigned requests = 64;  ///< of any kind: an agent with that many keys is a flood
};

/// A public key query or request (RFC 4252 7): the owner must say whether that user may come in
/// with the key. Nothing else is read until the answer.
struct PublicKeyRequest {
    std::string user;  ///< not escaped
    PublicKey key;
    bool verified;  ///< a request, whose signature is right: a yes lets the user in
};

/// A request that failed without the owner, for a log. Nothing in it is escaped.
struct FailedRequest {
    enum class Why { method, key_type, garbled_key, signature };

    Why why;
    std::string method;
    std::string key_type;     ///< as the key names it; the algorithm's name where that says more
    std::string fingerprint;  ///< of the key's blob, whatever that is
};

/// The server's side of user authentication (RFC 4252): publickey alone.
class UserauthServer {
public:
    explicit UserauthServer(UserauthLimits limits) noexcept : limits_{limits} {}

    /// The reply to SERVICE_REQUEST. It may come again at any time before the login, and changes
    /// nothing then: tries are counted together. Throws ProtocolError for another service.
    ByteVector on_service_request(Bytes payload);

    /// A USERAUTH_REQUEST: either for the owner to decide, or with a reply to be sent. A key of an
    /// algorithm that isn't ours fails unread, one of ours that is garbled fails, too, for every
    /// user alike. Throws ProtocolError for a garbled request and when there have been too many.
    struct Outcome {
        std::optional<PublicKeyRequest> request;
        ByteVector reply;
    };
    Outcome on_request(Bytes payload, Bytes session_id);

    /// The owner's answer, as the reply to send. After accepting a verified request the user is in.
    ByteVector accept();
    ByteVector refuse();

    unsigned service_requests() const noexcept { return service_requests_; }
    bool awaits_answer() const noexcept { return request_.has_value(); }
    bool authenticated() const noexcept { return authenticated_; }
    /// Empty until a request has come.
    const std::string& user() const noexcept { return user_; }
    /// The first ones, except for the method none.
    const std::vector<FailedRequest>& failed() const noexcept { return failed_; }
    /// The key that let the user in; only once authenticated().
    const PublicKey& key() const { return *key_; }

private:
    ByteVector failure(bool counts);
    void note(FailedRequest::Why why, std::string_view method, const PublicKeyMethod& shown = {});

    static constexpr std::size_t most_noted = 6;

    UserauthLimits limits_;
    bool authenticated_ = false;
    unsigned failures_ = 0;
    unsigned requests_ = 0;
    unsigned service_requests_ = 0;
    std::vector<FailedRequest> failed_;
    std::string user_;
    std::optional<PublicKeyRequest> request_;  ///< that the owner has to answer
    std::optional<PublicKey> key_;
};

}  // namespace culvert
