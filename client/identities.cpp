#include "client/identities.hpp"

#include <algorithm>
#include <filesystem>

#include <fmt/format.h>

#include "common/base/error.hpp"
#include "common/keys/fingerprint.hpp"

namespace culvert {
namespace {

bool is_there(const std::string& file) {
    std::error_code unreadable;
    return std::filesystem::exists(file, unreadable) || unreadable;
}

}  // namespace

Identities::Identities(const TunnelSettings& settings)
    : log_{settings},
      user_{settings.user},
      defaulted_{settings.identities_defaulted},
      only_files_{settings.identities_only} {
    if (settings.agent) agent_.emplace(*settings.agent);
    std::vector<IdentityFile> files;
    for (const std::string& path : settings.identities) {
        if (defaulted_ && !is_there(path)) continue;
        IdentityFile file = load_identity(path);
        if (!file.secret && !agent_) throw Error{ErrorKind::config, file.why_no_secret};
        files.push_back(std::move(file));
    }
    files_ = std::make_shared<const std::vector<IdentityFile>>(std::move(files));
}

void Identities::add(const PublicKey& key, const PrivateKey* secret) {
    const bool known = std::ranges::find(offered_, key, &Identity::key) != offered_.end() ||
                       std::ranges::find(refused_, key) != refused_.end();
    if (!known) offered_.push_back({key, secret});
}

awaitable<ClientIdentities> Identities::offer() {
    std::vector<PublicKey> held;
    std::string agent_failure;
    if (agent_) {
        try {
            held = co_await agent_->keys();
        } catch (const Error& error) {
            agent_failure = error.what();
            log_.verbose("{}", agent_failure);
        }
    }
    offered_.clear();
    if (defaulted_ && !only_files_) {
        for (const PublicKey& key : held) add(key, nullptr);
    }
    for (const IdentityFile& file : *files_) {
        const bool agent_has = std::ranges::find(held, file.key) != held.end();
        if (!file.secret && !agent_has && !defaulted_) fail_unusable(file, agent_failure);
        if (file.secret || agent_has) add(file.key, file.secret ? &*file.secret : nullptr);
    }
    if (!only_files_) {
        for (const PublicKey& key : held) add(key, nullptr);
    }
    if (offered_.empty() && refused_.empty()) {
        if (!files_->empty()) fail_unusable(files_->front(), agent_failure);
        if (!agent_failure.empty()) {
            throw Error{ErrorKind::network,
                        fmt::format("there is no key to log in with: {}", agent_failure)};
        }
    }

    ClientIdentities offer{.user = user_, .keys = {}, .sure = {}};
    for (const Identity& identity : offered_) {
        if (identity.key == accepted_) offer.sure = offer.keys.size();
        offer.keys.push_back(identity.key);
    }
    co_return offer;
}

void Identities::fail_unusable(const IdentityFile& file, const std::string& agent_failure) const {
    // A tunnel that has been up waits for its agent to come back.
    const ErrorKind kind = accepted_ ? ErrorKind::network : ErrorKind::config;
    const std::string agent = agent_failure.empty()
                                  ? fmt::format("the agent at {} doesn't hold it", agent_->socket())
                                  : agent_failure;
    throw Error{kind, fmt::format("{} ({})", file.why_no_secret, agent)};
}

awaitable<std::optional<ByteVector>> Identities::sign(SignatureWanted wanted) const {
    const Identity& identity = offered_[wanted.identity];
    log_.debug("signing with {} {}", wanted.algorithm, fingerprint(identity.key));
    if (identity.secret != nullptr) co_return identity.secret->sign(wanted.data);
    std::optional<ByteVector> signature;
    std::string why = "it refuses";
    try {
        signature = co_await agent_->sign(identity.key, std::move(wanted.data), wanted.algorithm);
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
    const bool others_left =
        !userauth.tried().empty() && std::ranges::any_of(offered_, [&](const Identity& identity) {
            return std::ranges::find(refused_, identity.key) == refused_.end();
        });
    // Whatever comes after starts with all of them again.
    if (!others_left) refused_.clear();
    return others_left;
}

}  // namespace culvert
