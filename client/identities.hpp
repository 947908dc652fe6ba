#pragma once

#include <vector>

#include "client/settings.hpp"
#include "common/keys/private_key.hpp"

namespace culvert {

/// The keys of the tunnel's identity files, in their order. A default file that isn't there is
/// passed over; one that was named must be there, and every one must be readable: Error{config}.
std::vector<PrivateKey> load_identities(const TunnelSettings& settings);

}  // namespace culvert
