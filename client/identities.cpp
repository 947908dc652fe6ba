#include "client/identities.hpp"

#include <algorithm>
#include <filesystem>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "common/base/error.hpp"
#include "common/base/escape.hpp"
#include "common/base/shell_quote.hpp"
#include "common/keys/certificate.hpp"
#include "common/keys/fingerprint.hpp"
#include "common/net/timeout.hpp"

namespace culvert {
namespace {

/// For its list of keys, where files have keys that may do.
constexpr Duration dispensable_agent_time = std::chrono::seconds{5};

bool is_there(const std::string& file) {
    std::error_code unreadable;
    return std::filesystem::exists(file, unreadable) || unreadable;
}

/// ssh's other default keys that are there, beside ours; quoted.
std::vector<std::string> keys_for_an_agent(const std::vector<std::string>& default_files) {
    std::vector<std::string> found;
    for (const std::filesystem::path file : default_files) {
        for (const char* const name : {"id_rsa", "id_ecdsa", "id_ecdsa_sk", "id_ed25519_sk"}) {
            const std::string other = file.parent_path() / name;
            if (is_there(other)) found.push_back(shell_quoted(other));
        }
    }
    return found;
}

Agent::Waiting log_of_waiting(const TunnelLog& log, std::string whose) {
    return [&log, whose = std::move(whose)](const std::string& what) {
        log.info("{}: waiting for {}: it may be asking its user", whose, what);
    };
}

}  // namespace

Identities::Identities(const TunnelSettings& settings)
    : log_{settings},
      user_{settings.user},
      defaulted_{settings.identities_defaulted},
      only_files_{settings.identities_only} {
    if (settings.agent) agent_.emplace(*settings.agent);
    if (defaulted_) default_files_ = settings.identities;
    std::vector<IdentityFile> files;
    for (const std::string& path : settings.identities) {
        if (defaulted_ && !is_there(path)) continue;
        IdentityFile file = load_identity(path);
        if (!file.secret && !agent_) throw *file.why_no_secret;
        files.push_back(std::move(file));
    }
    files_ = std::make_shared<const std::vector<IdentityFile>>(std::move(files));
}

void Identities::add(const PublicKey& key) {
    const bool known = std::ranges::find(offered_, key, &Identity::key) != offered_.end() ||
                       std::ranges::find(refused_, key) != refused_.end();
    if (!known) offered_.push_back({key, secret_of(key)});
}

const PrivateKey* Identities::secret_of(const PublicKey& key) const {
    const auto found = std::ranges::find_if(
        *files_, [&, plain = certified_key(key).value_or(key)](const IdentityFile& file) {
            return file.secret && file.key == plain;
        });
    return found == files_->end() ? nullptr : &*found->secret;
}

/// Without the agent: nothing else is known to be wanted.
bool Identities::files_may_do() const {
    if (agent_is_needed_ || files_->empty()) return false;
    if (accepted_) return secret_of(*accepted_) != nullptr;
    return std::ranges::all_of(*files_, [this](const IdentityFile& file) {
        return file.secret && std::ranges::find(refused_, file.key) == refused_.end();
    });
}

/// The agent's.
awaitable<std::vector<PublicKey>> Identities::held_keys(std::string whose, std::string& failure) {
    agent_is_left_out_ = false;
    if (!agent_ || (only_files_ && files_may_do())) co_return std::vector<PublicKey>{};
    try {
        auto keys = agent_->keys(log_of_waiting(log_, std::move(whose)));
        if (!files_may_do()) co_return co_await std::move(keys);
        auto held = co_await with_timeout(std::move(keys), dispensable_agent_time);
        if (held) co_return std::move(*held);
        agent_is_left_out_ = true;
        log_.verbose("the agent at {} doesn't answer: the keys of files are tried first",
                     shell_quoted(agent_->socket()));
    } catch (const Error& error) {
        failure = error.what();
        log_.verbose("{}", failure);
    }
    co_return std::vector<PublicKey>{};
}

awaitable<ClientIdentities> Identities::offer(std::string whose) {
    std::string agent_failure;
    const auto held = co_await held_keys(std::move(whose), agent_failure);
    const bool files_were_refused = std::exchange(agent_is_needed_, false);
    offered_.clear();
    if (defaulted_ && !only_files_) {
        for (const PublicKey& key : held) add(key);
    }
    for (const IdentityFile& file : *files_) {
        const bool agent_has = std::ranges::find(held, file.key) != held.end();
        if (!file.secret && !agent_has && !defaulted_) fail_unusable(file, agent_failure);
        if (file.secret || agent_has) add(file.key);
    }
    if (!only_files_) {
        for (const PublicKey& key : held) add(key);
    }
    if (offered_.empty() && refused_.empty()) {
        if (!files_->empty()) fail_unusable(files_->front(), agent_failure);
        fail_without_key(agent_failure);
    }
    if (offered_.empty() && files_were_refused) {
        throw Error{ErrorKind::authentication,
                    fmt::format("no key file's key was accepted for user {}, and the agent at {} "
                                "has no other",
                                escaped(user_), shell_quoted(agent_->socket()))};
    }

    ClientIdentities offer{.user = user_, .keys = {}, .optimistic = {}};
    for (const Identity& identity : offered_) {
        if (identity.key == accepted_) offer.optimistic = offer.keys.size();
        offer.keys.push_back(identity.key);
    }
    co_return offer;
}

void Identities::fail_unusable(const IdentityFile& file, const std::string& agent_failure) const {
    // A tunnel that has been up waits for its agent to come back.
    const ErrorKind kind = accepted_ ? ErrorKind::network : ErrorKind::config;
    const std::string agent = agent_failure.empty() ? fmt::format("the agent at {} doesn't hold it",
                                                                  shell_quoted(agent_->socket()))
                                                    : agent_failure;
    throw Error{kind, fmt::format("{} ({})", file.why_no_secret->what(), agent),
                Hint{std::string{file.why_no_secret->hint()}}};
}

void Identities::fail_without_key(const std::string& agent_failure) const {
    const auto others = keys_for_an_agent(default_files_);
    std::string why = "there is no key to log in with";
    if (!agent_failure.empty()) why += ": " + agent_failure;
    std::string hint = "name one with -i, load one with ssh-add, or make one with culvert keygen";
    if (!others.empty()) {
        why +=
            fmt::format("{}culvert reads only Ed25519 key files; {} can be used through an agent",
                        agent_failure.empty() ? ": " : "; ", fmt::join(others, " and "));
        const bool has_agent = agent_ && agent_failure.empty();
        hint = fmt::format("{}ssh-add {}", has_agent ? "" : "eval \"$(ssh-agent -s)\" && ",
                           others.front());
    }
    // A tunnel that has been up waits for its agent to come back, or to be unlocked.
    const bool may_change = !agent_failure.empty() || (accepted_ && agent_);
    throw Error{may_change ? ErrorKind::network : ErrorKind::authentication, why,
                Hint{std::move(hint)}};
}

awaitable<std::optional<ByteVector>> Identities::sign(SignatureWanted wanted,
                                                      std::string whose) const {
    const Identity& identity = offered_[wanted.identity];
    log_.debug("signing with {} {}", wanted.algorithm, fingerprint(identity.key));
    if (identity.secret != nullptr) co_return identity.secret->sign(wanted.data);
    std::optional<ByteVector> signature;
    std::string why = "it refuses";
    try {
        signature = co_await agent_->sign(identity.key, std::move(wanted.data), wanted.algorithm,
                                          log_of_waiting(log_, std::move(whose)));
    } catch (const Error& error) {
        why = error.what();
    }
    if (!signature) {
        log_.info("the agent doesn't sign with {} {}: {}", identity.key.algorithm(),
                  fingerprint(identity.key), why);
    }
    co_return signature;
}

void Identities::on_accepted(const PublicKey& key) {
    accepted_ = key;
    refused_.clear();
}

bool Identities::on_dismissed(const UserauthClient& userauth) {
    for (const std::size_t index : userauth.tried()) refused_.push_back(offered_[index].key);
    agent_is_needed_ = std::exchange(agent_is_left_out_, false) && !userauth.tried().empty();
    if (agent_is_needed_) return true;
    // Its user has just been asked about one that wasn't signed with.
    std::vector<PublicKey> done = refused_;
    for (const std::size_t index : userauth.not_signed()) done.push_back(offered_[index].key);
    const bool others_left =
        !userauth.tried().empty() && std::ranges::any_of(offered_, [&](const Identity& identity) {
            return std::ranges::find(done, identity.key) == done.end();
        });
    // Whatever comes after starts with all of them again.
    if (!others_left) refused_.clear();
    return others_left;
}

}  // namespace culvert
