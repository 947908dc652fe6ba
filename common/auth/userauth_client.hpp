#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/bytes.hpp"
#include "common/base/error.hpp"
#include "common/keys/public_key.hpp"
#include "common/wire/reader.hpp"

namespace culvert {

/// The owner must sign `data` with the private key of the identity of this index, and hand the
/// signature blob in, or decline.
struct SignatureWanted {
    std::size_t identity;
    std::string algorithm;  ///< an RSA key signs with rsa-sha2-512 or -256 (RFC 8332)
    ByteVector data;
};

/// The user, and the keys that may authenticate it, in the order in which they are tried.
struct ClientIdentities {
    std::string user;
    std::vector<PublicKey> keys;
    /// A key that this server is known to take: its request is sent at once, without a query. So is
    /// that of a single key.
    std::optional<std::size_t> optimistic;
};

/// When the first request follows SERVICE_REQUEST.
enum class FirstRequest { at_once, after_service_accept };

/// The client's side of user authentication (RFC 4252): publickey, with a query ahead of each
/// request. A query is a request without a signature (RFC 4252 7).
class UserauthClient {
public:
    explicit UserauthClient(ClientIdentities identities) : identities_{std::move(identities)} {}

    /// What to send and what to ask the owner for; either may be empty.
    struct Step {
        ByteVector packet;
        std::optional<SignatureWanted> wanted;
    };

    /// The first step. SERVICE_REQUEST goes out ahead of it. The step is empty if it has to wait
    /// for SERVICE_ACCEPT, or if the first key depends on the server's list: on_algorithms_known()
    /// has it then. Throws Error{authentication} if there is no key to try.
    Step begin(Bytes session_id, FirstRequest when);
    /// The server's list has come, or none comes any more (EXT_INFO goes ahead of SERVICE_ACCEPT):
    /// the first step, if it has waited for this.
    Step on_algorithms_known(Bytes session_id, const NameList& server_sig_algs);
    void on_service_accept(Bytes payload);
    Step on_pk_ok(Bytes payload, Bytes session_id, const NameList& server_sig_algs);
    /// Throws Error{authentication}, with the keys that were tried, when none is left.
    Step on_failure(Bytes payload, Bytes session_id, const NameList& server_sig_algs);
    /// Throws ProtocolError if nothing was asked that could have succeeded.
    void on_success(Bytes payload);

    /// The owner's signature blob: the request to send. Empty while query_meanwhile()'s query is
    /// not answered; the request follows PK_OK then.
    ByteVector sign(Bytes signature);
    /// The owner can't sign after all: the next key is tried, once a query has its answer.
    Step decline(Bytes session_id, const NameList& server_sig_algs);
    /// The signature takes long: the query for its key, to be sent meanwhile, so that a server that
    /// takes the key knows what it waits for. Empty if the query was sent.
    ByteVector query_meanwhile();

    /// The server has begun the authentication protocol; only then has it anything to say in it.
    bool service_accepted() const noexcept { return service_accepted_; }
    bool awaits_signature() const noexcept { return state_ == State::signing; }
    /// What follows may be sent as if the request that is on its way were granted: no other key
    /// would be tried after it.
    bool is_optimistic() const noexcept { return state_ == State::requested && optimistic_; }
    bool authenticated() const noexcept { return state_ == State::authenticated; }
    std::size_t identity() const noexcept { return current_; }
    const std::string& user() const noexcept { return identities_.user; }
    /// That of identity().
    const PublicKey& key() const { return identities_.keys[current_]; }
    /// The keys of queries and requests so far, in that order, without those of not_signed().
    const std::vector<std::size_t>& tried() const noexcept { return tried_; }
    /// The keys that the owner couldn't sign with, and that the server hasn't refused: they may let
    /// the user in another time.
    const std::vector<std::size_t>& not_signed() const noexcept { return not_signed_; }

private:
    enum class State {
        idle,
        waiting_for_service,
        waiting_for_algorithms,
        asked,
        signing,
        requested,
        authenticated,
    };
    /// Of the current key.
    enum class Query { none, sent, answered };

    std::size_t first_key() const noexcept { return identities_.optimistic.value_or(0); }
    Step try_first(Bytes session_id, const NameList& server_sig_algs);
    Step try_next(Bytes session_id, const NameList& server_sig_algs);
    /// The current key is of not_signed(): the next one is tried.
    Step pass_over(Bytes session_id, const NameList& server_sig_algs);
    /// The first key from `from` on that is still to be tried and that the server can take; the
    /// number of keys if there is none.
    std::size_t next_candidate(std::size_t from, const NameList& server_sig_algs) const;
    Step want_signature(Bytes session_id);
    /// The query for the current key.
    ByteVector query();
    /// The finished request for the current key.
    ByteVector request();
    /// "ssh-ed25519 SHA256:..., ssh-rsa SHA256:..."
    std::string list(const std::vector<std::size_t>& keys) const;
    [[noreturn]] void give_up(const std::string& why, Hint hint = {}) const;

    ClientIdentities identities_;
    State state_ = State::idle;
    std::size_t current_ = 0;
    std::size_t next_ = 0;
    std::vector<std::size_t> tried_;
    std::vector<std::size_t> not_signed_;
    bool optimistic_ = false;
    bool service_accepted_ = false;
    std::string algorithm_;
    Query query_ = Query::none;
    bool declined_ = false;  ///< while the query was not answered
    ByteVector request_;     ///< without its signature while that is wanted, then until it is sent
};

}  // namespace culvert
