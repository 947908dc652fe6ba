#pragma once

#include <functional>
#include <optional>
#include <string>
#include <variant>

#include "client/settings.hpp"
#include "common/crypto/random.hpp"
#include "common/keys/public_key.hpp"
#include "common/net/awaitable.hpp"

namespace culvert {

/// Why there is no answer.
enum class NoAnswer { no_terminal, terminal_closed };

/// Asks the user, and gives the answer without its newline.
using UserAnswer = std::variant<std::string, NoAnswer>;
using AskUser = std::function<awaitable<UserAnswer>(std::string question)>;

/// Returns if the server may be trusted with this key: because it is pinned, stands in known_hosts,
/// or was accepted now, and then it has been written there. Throws Error{host_key} in every other
/// case, with what is known, where that stands, and the command that mends it. `accepted` is the
/// key of an unknown server that was accepted before, and becomes the one that is now: nobody is
/// asked about it again, also where it couldn't be written down.
awaitable<void> check_host_key(const TunnelSettings& settings, const PublicKey& key,
                               const AskUser& ask, Random& random,
                               std::optional<PublicKey>& accepted);

}  // namespace culvert
