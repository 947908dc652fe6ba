#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/bytes.hpp"
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

/// Whom we are, and the keys that may prove it, in the order in which they are tried.
struct ClientIdentities {
    std::string user;
    std::vector<PublicKey> keys;
    /// A key that this server is known to take: it is signed with at once, without asking first.
    /// A single key always is.
    std::optional<std::size_t> sure;
};

/// The client's side of user authentication (RFC 4252): publickey, asked before it is signed.
class UserauthClient {
public:
    explicit UserauthClient(ClientIdentities identities) : identities_{std::move(identities)} {}

    /// What to send and what to ask the owner for; either may be empty.
    struct Step {
        ByteVector packet;
        std::optional<SignatureWanted> wanted;
    };

    /// The first step. SERVICE_REQUEST goes out ahead of it; its answer needn't be awaited.
    /// Throws Error{authentication} if there is no key to try.
    Step begin(Bytes session_id);
    void on_service_accept(Bytes payload);
    Step on_pk_ok(Bytes payload, Bytes session_id);
    /// Throws Error{authentication}, with the keys that were tried, when none is left.
    Step on_failure(Bytes payload, Bytes session_id, const NameList& server_sig_algs);
    /// Throws ProtocolError if nothing was asked that could have succeeded.
    void on_success(Bytes payload);

    /// The owner's signature blob: the request to send.
    ByteVector sign(Bytes signature);
    /// The owner can't sign after all; the next key's turn.
    Step decline(Bytes session_id, const NameList& server_sig_algs);

    /// The server has begun the authentication protocol; only then has it anything to say in it.
    bool service_accepted() const noexcept { return service_accepted_; }
    bool awaits_signature() const noexcept { return state_ == State::signing; }
    /// The request that is on its way is as good as granted: no other key would be tried after it.
    bool request_is_sure() const noexcept { return state_ == State::requested && sure_; }
    bool authenticated() const noexcept { return state_ == State::authenticated; }
    std::size_t identity() const noexcept { return current_; }
    /// The keys that were shown to the server so far, asked about or signed with, in that order.
    const std::vector<std::size_t>& tried() const noexcept { return tried_; }

private:
    enum class State { idle, asked, signing, requested, authenticated };

    Step try_next(Bytes session_id, const NameList& server_sig_algs);
    /// The first key from `from` on that is still to be tried and that the server can take; the
    /// number of keys if there is none.
    std::size_t next_candidate(std::size_t from, const NameList& server_sig_algs) const;
    Step want_signature(Bytes session_id);
    [[noreturn]] void give_up(const std::string& why, std::string_view next_step = {}) const;

    ClientIdentities identities_;
    State state_ = State::idle;
    std::size_t current_ = 0;
    std::size_t next_ = 0;
    std::vector<std::size_t> tried_;
    bool sure_ = false;
    bool service_accepted_ = false;
    std::string algorithm_;
    ByteVector request_;
};

}  // namespace culvert
