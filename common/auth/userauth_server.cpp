#include "common/auth/userauth_server.hpp"

#include <cassert>

#include <fmt/format.h>

#include "common/auth/signed_request.hpp"
#include "common/base/escape.hpp"
#include "common/wire/auth_messages.hpp"
#include "common/wire/transport_messages.hpp"

namespace culvert {

ByteVector UserauthServer::on_service_request(Bytes payload) {
    const auto request = decode<msg::ServiceRequest>(payload);
    if (service_accepted_) throw ProtocolError{"a second service request"};
    if (request.service != ssh_userauth) {
        throw ProtocolError{fmt::format("a request for the service {} before authentication",
                                        escaped(request.service, 64)),
                            DisconnectReason::service_not_available};
    }
    service_accepted_ = true;
    return encoded(msg::ServiceAccept{ssh_userauth});
}

UserauthServer::Outcome UserauthServer::on_request(Bytes payload, Bytes session_id) {
    if (!service_accepted_) throw ProtocolError{"authentication before its service was asked for"};
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
    if (head.method != "publickey") return {{}, failure(head.method != "none")};

    const auto method = decode_fields<PublicKeyMethod>(in);
    const Bytes request = payload.first(payload.size() - in.rest().size());
    const Bytes signature = method.has_signature ? in.string() : Bytes{};
    in.expect_end();

    PublicKey key = PublicKey::from_blob(method.key);
    const bool known_type = method.algorithm == ssh_ed25519 && key.algorithm() == ssh_ed25519;
    if (!known_type) return {{}, failure(method.has_signature)};
    // The signature comes first and costs the same for every user, existing or not.
    if (method.has_signature &&
        !verify(key, method.algorithm, signed_data(session_id, request), signature)) {
        return {{}, failure(true)};
    }
    shown_ = KeyShown{user_, std::move(key), method.has_signature};
    return {shown_, {}};
}

ByteVector UserauthServer::accept() {
    assert(shown_);
    KeyShown shown = std::move(*shown_);
    shown_.reset();
    if (!shown.proved) {
        return encoded(msg::UserauthPkOk{shown.key.algorithm(), shown.key.blob()});
    }
    authenticated_ = true;
    key_ = std::move(shown.key);
    return encoded(msg::UserauthSuccess{});
}

ByteVector UserauthServer::refuse() {
    assert(shown_);
    const bool counts = shown_->proved;
    shown_.reset();
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
