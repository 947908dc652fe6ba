#include "server/users.hpp"

#include <fmt/format.h>

#include "common/base/error.hpp"
#include "common/base/escape.hpp"
#include "server/key_files.hpp"

namespace culvert {
namespace {

/// One lookup on its way through literal keys and files: the first that lets the key in decides.
class Lookup {
public:
    Lookup(const PublicKey& key, const IpAddress& peer, std::chrono::system_clock::time_point now)
        : key_{key}, peer_{peer}, now_{now} {}

    void search(std::span<const AuthorizedKey> listed) {
        for (const AuthorizedKey& one : listed) {
            if (result_.allowed || !(one.key == key_)) continue;
            const auto refusal = why_refused(one, peer_, now_);
            if (refusal) {
                result_.remarks.push_back("authorized_keys: " + *refusal);
            } else {
                result_.allowed = one.permissions;
            }
        }
    }

    void search(std::span<const std::string> files) {
        for (const std::string& file : files) {
            if (result_.allowed) return;
            try {
                auto found = search_authorized_keys(read_key_file(file), key_, peer_, now_);
                for (const std::string& remark : found.remarks) {
                    result_.remarks.push_back(fmt::format("{}: {}", escaped(file), remark));
                }
                result_.allowed = std::move(found.allowed);
            } catch (const Error& error) {
                // A file that can't be read lets nobody in; the others go on.
                result_.remarks.emplace_back(error.what());
            }
        }
    }

    KeyLookup result() && { return std::move(result_); }

private:
    const PublicKey& key_;
    const IpAddress& peer_;
    std::chrono::system_clock::time_point now_;
    KeyLookup result_;
};

}  // namespace

KeyLookup look_up_key(const ServerConfig& config, std::string_view user, const PublicKey& key,
                      const IpAddress& peer, std::chrono::system_clock::time_point now) {
    Lookup lookup{key, peer, now};
    lookup.search(config.any_user_keys_files);
    const auto found = config.users.find(user);
    if (found != config.users.end()) {
        lookup.search(found->second.authorized_keys);
        lookup.search(found->second.authorized_keys_files);
    } else if (!config.users.empty()) {
        // So that the time taken tells less about which users there are, somebody's keys are gone
        // through, though not as many as another's; what they say is forgotten.
        Lookup pretended{key, peer, now};
        pretended.search(config.users.begin()->second.authorized_keys);
        pretended.search(config.users.begin()->second.authorized_keys_files);
    }
    return std::move(lookup).result();
}

std::span<const OpenRule> open_rules(const ServerConfig& config, std::string_view user) {
    static const OpenRule anything;
    const auto found = config.users.find(user);
    return found == config.users.end() ? std::span{&anything, 1}
                                       : std::span{found->second.permit_open};
}

}  // namespace culvert
