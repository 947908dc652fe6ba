#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "client/agent.hpp"
#include "client/settings.hpp"
#include "client/tunnel_log.hpp"
#include "common/auth/userauth_client.hpp"
#include "common/keys/key_file.hpp"
#include "common/net/awaitable.hpp"

namespace culvert {

/// The keys that may log a tunnel in: those of its identity files, read once, and those that the
/// agent holds, asked for at each connection. It also remembers what servers said to them: the key
/// that was taken last goes first, without a question; keys that were refused when a server had
/// enough of our tries are left out of the connection that tries the others. A copy shares the
/// files, and remembers for itself. A key that stands in a file signs from there; the agent isn't
/// asked, and may hold it or not. Where files can do without the agent, one that doesn't answer
/// soon is left out, until their keys are refused.
class Identities {
public:
    /// Reads the files. A default file that isn't there is passed over. Throws Error{config} for
    /// one that was named and isn't there, and for one from which not even the public key can be
    /// had, or from which it alone can while no agent is to be asked.
    explicit Identities(const TunnelSettings& settings);

    /// The keys for the next connection, in the order in which they are tried: the named files',
    /// then the agent's (with nothing named the agent's, then the default file's). Throws
    /// Error{config} for a named key that neither its file nor the agent can sign with,
    /// Error{authentication} if there is no key at all, and Error{network} instead if the agent
    /// that may yet have one can't be asked now. `whose` is for log lines: the connection's name.
    awaitable<ClientIdentities> offer(std::string whose);

    /// How many keys the last offer had.
    std::size_t offered() const noexcept { return offered_.size(); }

    /// Signs with a key of the last offer; nothing if its agent doesn't.
    awaitable<std::optional<ByteVector>> sign(SignatureWanted wanted, std::string whose) const;

    /// A server took this one.
    void on_accepted(const PublicKey& key);
    /// The server took this one on another connection.
    void expect(const PublicKey& key) {
        if (accepted_ != key) on_accepted(key);
    }
    /// The last offer has files' keys alone, since the agent took its time.
    bool agent_is_left_out() const noexcept { return agent_is_left_out_; }
    /// A server ended the connection before it took a key. True if another connection, right away,
    /// tries some that this one didn't.
    bool on_dismissed(const UserauthClient& userauth);

private:
    struct Identity {
        PublicKey key;
        const PrivateKey* secret;  ///< null: the agent signs
    };

    void add(const PublicKey& key);
    bool files_may_do() const;
    awaitable<std::vector<PublicKey>> held_keys(std::string whose, std::string& failure);
    /// Of a key, or of the key of a certificate, that a file holds; null if none does.
    const PrivateKey* secret_of(const PublicKey& key) const;
    [[noreturn]] void fail_unusable(const IdentityFile& file,
                                    const std::string& agent_failure) const;
    [[noreturn]] void fail_without_key(const std::string& agent_failure) const;

    TunnelLog log_;
    std::string user_;
    bool defaulted_;
    bool only_files_;
    std::vector<std::string> default_files_;  ///< empty if files were named
    std::shared_ptr<const std::vector<IdentityFile>> files_;
    std::optional<Agent> agent_;
    std::vector<Identity> offered_;
    std::vector<PublicKey> refused_;
    std::optional<PublicKey> accepted_;
    bool agent_is_left_out_ = false;
    bool agent_is_needed_ = false;  ///< the files' keys were refused without it
};

}  // namespace culvert
