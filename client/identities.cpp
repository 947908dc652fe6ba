#include "client/identities.hpp"

#include <filesystem>

#include "common/keys/key_file.hpp"

namespace culvert {

std::vector<PrivateKey> load_identities(const TunnelSettings& settings) {
    std::vector<PrivateKey> keys;
    for (const std::string& path : settings.identities) {
        std::error_code unreadable;
        const bool there = std::filesystem::exists(path, unreadable) || unreadable;
        if (settings.identities_defaulted && !there) continue;
        keys.push_back(load_private_key(path));
    }
    return keys;
}

}  // namespace culvert
