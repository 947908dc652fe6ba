#include "common/auth/userauth_client.hpp"

#include <algorithm>
#include <cassert>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "common/auth/signature_algorithm.hpp"
#include "common/auth/signed_request.hpp"
#include "common/base/escape.hpp"
#include "common/keys/fingerprint.hpp"
#include "common/wire/auth_messages.hpp"
#include "common/wire/transport_messages.hpp"

namespace culvert {
namespace {

bool has(const NameList& list, std::string_view name) {
    return std::ranges::find(list, name) != list.end();
}

}  // namespace

UserauthClient::Step UserauthClient::begin(Bytes session_id, FirstRequest when) {
    assert(state_ == State::idle);
    if (identities_.keys.empty()) {
        throw Error{ErrorKind::authentication, "there is no key to log in with"};
    }
    if (identities_.keys.size() == 1) identities_.optimistic = 0;
    if (when == FirstRequest::after_service_accept) {
        state_ = State::waiting_for_service;
        return {};
    }
    if (depends_on_server_sig_algs(identities_.keys[first_key()])) {
        state_ = State::waiting_for_algorithms;
        return {};
    }
    return try_first(session_id, {});
}

UserauthClient::Step UserauthClient::on_algorithms_known(Bytes session_id,
                                                         const NameList& server_sig_algs) {
    if (state_ != State::waiting_for_algorithms) return {};
    return try_first(session_id, server_sig_algs);
}

UserauthClient::Step UserauthClient::try_first(Bytes session_id, const NameList& server_sig_algs) {
    if (!identities_.optimistic) return try_next(session_id, server_sig_algs);
    current_ = *identities_.optimistic;
    auto algorithm = signature_algorithm(identities_.keys[current_], server_sig_algs);
    if (!algorithm) return try_next(session_id, server_sig_algs);
    algorithm_ = std::move(*algorithm);
    optimistic_ = true;
    return want_signature(session_id);
}

void UserauthClient::on_service_accept(Bytes payload) {
    const auto message = decode<msg::ServiceAccept>(payload);
    if (state_ == State::idle || service_accepted_ || message.service != ssh_userauth) {
        throw ProtocolError{"a service was accepted that wasn't asked for"};
    }
    service_accepted_ = true;
    if (state_ == State::waiting_for_service) state_ = State::waiting_for_algorithms;
}

std::size_t UserauthClient::next_candidate(std::size_t from,
                                           const NameList& server_sig_algs) const {
    const auto& keys = identities_.keys;
    while (from < keys.size() &&
           (identities_.optimistic == from || !signature_algorithm(keys[from], server_sig_algs))) {
        ++from;
    }
    return from;
}

UserauthClient::Step UserauthClient::try_next(Bytes session_id, const NameList& server_sig_algs) {
    const auto& keys = identities_.keys;
    const std::size_t candidate = next_candidate(next_, server_sig_algs);
    if (candidate == keys.size()) {
        give_up(not_signed_.empty() ? "no key of ours" : "no key of ours that signed",
                {"add the .pub line of a key to authorized_keys of that user on the server"});
    }
    current_ = candidate;
    next_ = candidate + 1;
    query_ = Query::none;
    declined_ = false;
    algorithm_ = signature_algorithm(keys[current_], server_sig_algs).value();
    // The last one left: a query would only cost a round trip.
    optimistic_ = next_candidate(next_, server_sig_algs) == keys.size();
    if (optimistic_) return want_signature(session_id);
    state_ = State::asked;
    return {query(), {}};
}

ByteVector UserauthClient::query() {
    query_ = Query::sent;
    tried_.push_back(current_);
    return public_key_query(identities_.user, algorithm_, identities_.keys[current_]);
}

ByteVector UserauthClient::query_meanwhile() {
    if (state_ != State::signing || query_ != Query::none) return {};
    return query();
}

UserauthClient::Step UserauthClient::want_signature(Bytes session_id) {
    request_ = public_key_request(identities_.user, algorithm_, identities_.keys[current_]);
    state_ = State::signing;
    return {{}, SignatureWanted{current_, algorithm_, signed_data(session_id, request_)}};
}

ByteVector UserauthClient::sign(Bytes signature) {
    assert(state_ == State::signing);
    Writer{request_}.string(signature);
    if (query_ == Query::sent) {
        state_ = State::asked;
        return {};
    }
    if (query_ == Query::none) tried_.push_back(current_);
    return request();
}

ByteVector UserauthClient::request() {
    state_ = State::requested;
    return std::exchange(request_, {});
}

UserauthClient::Step UserauthClient::decline(Bytes session_id, const NameList& server_sig_algs) {
    assert(state_ == State::signing);
    request_.clear();
    if (query_ != Query::sent) return pass_over(session_id, server_sig_algs);
    state_ = State::asked;
    declined_ = true;
    return {};
}

UserauthClient::Step UserauthClient::pass_over(Bytes session_id, const NameList& server_sig_algs) {
    std::erase(tried_, current_);
    not_signed_.push_back(current_);
    return try_next(session_id, server_sig_algs);
}

UserauthClient::Step UserauthClient::on_pk_ok(Bytes payload, Bytes session_id,
                                              const NameList& server_sig_algs) {
    const auto message = decode<msg::UserauthPkOk>(payload);
    const bool asked = state_ == State::asked && message.algorithm == algorithm_ &&
                       std::ranges::equal(message.key, identities_.keys[current_].blob());
    if (!asked) throw ProtocolError{"the server takes a key that it wasn't asked about"};
    query_ = Query::answered;
    if (declined_) return pass_over(session_id, server_sig_algs);
    if (!request_.empty()) return {request(), {}};
    return want_signature(session_id);
}

UserauthClient::Step UserauthClient::on_failure(Bytes payload, Bytes session_id,
                                                const NameList& server_sig_algs) {
    const auto message = decode<msg::UserauthFailure>(payload);
    if (state_ != State::asked && state_ != State::requested) {
        throw ProtocolError{"an authentication failure without a request"};
    }
    request_.clear();
    if (message.partial_success) {
        give_up("the server asks for more than a key: no key alone");
    }
    if (!has(message.methods_that_can_continue, "publickey")) {
        give_up(fmt::format(
            "the server accepts {} here, and no keys: no key",
            escaped(fmt::format("{}", fmt::join(message.methods_that_can_continue, ", ")))));
    }
    return try_next(session_id, server_sig_algs);
}

void UserauthClient::on_success(Bytes payload) {
    decode<msg::UserauthSuccess>(payload);
    if (state_ != State::requested) {
        throw ProtocolError{"an authentication success without a request"};
    }
    state_ = State::authenticated;
}

std::string UserauthClient::list(const std::vector<std::size_t>& keys) const {
    std::vector<std::string> listed;
    for (const std::size_t index : keys) {
        const PublicKey& key = identities_.keys[index];
        listed.push_back(fmt::format("{} {}", escaped(key.algorithm(), 64), fingerprint(key)));
    }
    return fmt::format("{}", fmt::join(listed, ", "));
}

void UserauthClient::give_up(const std::string& why, Hint hint) const {
    std::string text = fmt::format("{} was accepted for user {}", why, escaped(identities_.user));
    if (!tried_.empty()) text += "; tried " + list(tried_);
    if (!not_signed_.empty()) text += "; not signed with " + list(not_signed_);
    if (tried_.empty() && not_signed_.empty()) {
        text += "; none could be tried: they don't sign in a way that the server takes";
    }
    throw Error{ErrorKind::authentication, text, tried_.empty() ? Hint{} : std::move(hint)};
}

}  // namespace culvert
