#include "server/users.hpp"

#include <fmt/format.h>

#include "common/base/error.hpp"
#include "common/base/shell_quote.hpp"

namespace culvert {
namespace {

/// One lookup on its way through literal keys and files: the first that lets the key in decides.
class KeySearch {
public:
    KeySearch(const KeyQuestion& question, KeyReader& reader)
        : question_{question}, reader_{reader} {}

    void among_keys(std::span<const AuthorizedKey> listed) {
        for (const AuthorizedKey& one : listed) {
            if (result_.allowed || !(one.key == question_.key)) continue;
            const auto refusal = why_refused(one, question_.peer, question_.now);
            if (refusal) {
                result_.warnings.push_back("authorized_keys: " + *refusal);
            } else {
                result_.allowed = one.permissions;
            }
        }
    }

    awaitable<void> among_files(std::span<const std::string> paths, auto key_file) {
        for (const std::string& path : paths) {
            if (result_.allowed) co_return;
            try {
                KeyFile file = key_file(path);
                const auto text = co_await reader_.text_of(std::move(file));
                auto found =
                    search_authorized_keys(*text, question_.key, question_.peer, question_.now);
                for (const std::string& warning : found.warnings) {
                    result_.warnings.push_back(fmt::format("{}: {}", shell_quoted(path), warning));
                }
                result_.allowed = std::move(found.allowed);
            } catch (const Error& error) {
                // A file that can't be read lets nobody in; the others go on.
                result_.warnings.push_back(
                    error.hint().empty() ? std::string{error.what()}
                                         : fmt::format("{} ({})", error.what(), error.hint()));
                if (error.kind() == ErrorKind::internal) result_.is_provisional = true;
            }
        }
    }

    awaitable<void> among_keys_of(const std::string& name, const UserConfig& user) {
        among_keys(user.authorized_keys);
        const auto its = [&](const std::string& path) { return user_key_file(path, name); };
        co_await among_files(user.authorized_keys_files, its);
    }

    void is_provisional_as(const KeySearch& other) noexcept {
        result_.is_provisional = result_.is_provisional || other.result_.is_provisional;
    }

    KeyLookup result() && { return std::move(result_); }

private:
    const KeyQuestion& question_;
    KeyReader& reader_;
    KeyLookup result_;
};

}  // namespace

awaitable<KeyLookup> look_up_key(const ServerConfig& config, KeyQuestion question,
                                 KeyReader& reader) {
    KeySearch search{question, reader};
    co_await search.among_files(config.any_user_keys_files, any_user_key_file);
    const auto found = config.users.find(question.user);
    if (found != config.users.end()) {
        co_await search.among_keys_of(found->first, found->second);
    } else if (!config.users.empty()) {
        // So that the time taken tells less about which users there are, somebody's keys are gone
        // through, though not as many as another's; what they say is forgotten.
        KeySearch pretended{question, reader};
        co_await pretended.among_keys_of(config.users.begin()->first, config.users.begin()->second);
        search.is_provisional_as(pretended);
    }
    co_return std::move(search).result();
}

bool knows_user(const ServerConfig& config, std::string_view user) {
    return !config.any_user_keys_files.empty() || config.users.contains(user);
}

std::span<const OpenRule> open_rules(const ServerConfig& config, std::string_view user) {
    static const OpenRule anything;
    const auto found = config.users.find(user);
    return found == config.users.end() ? std::span{&anything, 1}
                                       : std::span{found->second.permit_open};
}

}  // namespace culvert
