#include "common/auth/userauth_server.hpp"

#include <cassert>

#include <fmt/format.h>

#include "common/base/escape.hpp"
#include "common/keys/fingerprint.hpp"
#include "common/wire/auth_messages.hpp"
#include "common/wire/transport_messages.hpp"

namespace culvert {
namespace {

/// Nothing if the blob is no SSH key.
std::optional<PublicKey> key_of(Bytes blob) {
    try {
        return PublicKey::from_blob(blob);
    } catch (const ProtocolError&) {
        return std::nullopt;
    }
}

}  // namespace

ByteVector UserauthServer::on_service_request(Bytes payload) {
    const auto request = decode<msg::ServiceRequest>(payload);
    if (request.service != ssh_userauth) {
        throw ProtocolError{fmt::format("a request for the service {} before authentication",
                                        escaped(request.service, 64)),
                            DisconnectReason::service_not_available};
    }
    // Some clients (paramiko) send one ahead of each request.
    if (++service_requests_ > 2 * limits_.requests) {
        throw ProtocolError{"too many service requests"};
    }
    return encoded(msg::ServiceAccept{ssh_userauth});
}

UserauthServer::Outcome UserauthServer::on_request(Bytes payload, Bytes session_id) {
    if (service_requests_ == 0)
        throw ProtocolError{"authentication before its service was asked for"};
    Reader in{payload};
    const auto head = decode_head<msg::UserauthRequest>(in);
    if (head.service != ssh_connection) {
        throw ProtocolError{
            fmt::format("authentication for the service {}", escaped(head.service, 64)),
            DisconnectReason::service_not_available};
    }
    // A key that was shown for one user must never count for another (attack: CVE-2024-45337 and
    // its kin); like sshd we let nobody change their name.
    if (++requests_ == 1) {
        user_ = head.user;
    } else if (head.user != user_) {
        throw ProtocolError{"the user name changed during authentication"};
    }
    if (requests_ > limits_.requests) {
        throw ProtocolError{"too many authentication requests",
                            DisconnectReason::no_more_auth_methods_available};
    }
    if (head.method != "publickey") {
        const bool counts = head.method != "none";
        if (counts) note(FailedRequest::Why::method, head.method);
        return {{}, failure(counts)};
    }
    const auto method = decode_fields<PublicKeyMethod>(in);
    const auto fails = [&](FailedRequest::Why why) -> Outcome {
        note(why, head.method, method);
        return {{}, failure(method.has_signature)};
    };
    // What the blob and the rest look like is the algorithm's own affair: X.509 certificates, for
    // one, are no SSH keys (RFC 6187 4).
    if (method.algorithm != ssh_ed25519) return fails(FailedRequest::Why::key_type);
    const Bytes request = payload.first(payload.size() - in.rest().size());
    const Bytes signature = method.has_signature ? in.string() : Bytes{};
    in.expect_end();

    auto key = key_of(method.key);
    if (!key) return fails(FailedRequest::Why::garbled_key);
    if (key->algorithm() != ssh_ed25519) return fails(FailedRequest::Why::key_type);
    // The signature comes first and costs the same for every user, existing or not.
    if (method.has_signature &&
        !verify(*key, method.algorithm, signed_data(session_id, request), signature)) {
        return fails(FailedRequest::Why::signature);
    }
    request_ = PublicKeyRequest{user_, std::move(*key), method.has_signature};
    return {request_, {}};
}

void UserauthServer::note(FailedRequest::Why why, std::string_view method,
                          const PublicKeyMethod& shown) {
    if (failed_.size() == most_noted) return;
    FailedRequest failed{why, std::string{method}, {}, {}};
    if (why != FailedRequest::Why::method) {
        const auto key = key_of(shown.key);
        const bool names_ours = !key || key->algorithm() == ssh_ed25519;
        failed.key_type = names_ours ? std::string{shown.algorithm} : key->algorithm();
        failed.fingerprint = fingerprint(shown.key);
    }
    failed_.push_back(std::move(failed));
}

ByteVector UserauthServer::accept() {
    assert(request_);
    PublicKeyRequest request = std::move(*request_);
    request_.reset();
    if (!request.verified) {
        return encoded(msg::UserauthPkOk{request.key.algorithm(), request.key.blob()});
    }
    authenticated_ = true;
    key_ = std::move(request.key);
    return encoded(msg::UserauthSuccess{});
}

ByteVector UserauthServer::refuse() {
    assert(request_);
    const bool counts = request_->verified;
    request_.reset();
    return failure(counts);
}

ByteVector UserauthServer::failure(bool counts) {
    if (counts && ++failures_ >= limits_.tries) {
        throw ProtocolError{"too many authentication failures",
                            DisconnectReason::no_more_auth_methods_available};
    }
    return encoded(msg::UserauthFailure{{"publickey"}, false});
}

}  // namespace culvert
