#pragma once

#include <functional>
#include <optional>
#include <string>

#include "common/crypto/random.hpp"

namespace culvert {

/// `culvert keygen`, flags as ssh-keygen's.
struct KeygenSettings {
    std::string file;
    std::string comment;
    bool quiet = false;
};

/// What keygen has of a terminal.
struct KeygenTerminal {
    /// Asks and gives the answer without its newline; nothing when there is no terminal to ask on.
    std::function<std::optional<std::string>(const std::string& question)> ask;
    std::function<void(const std::string& text)> print;
};

/// Makes an Ed25519 key pair in `file` (0600) and `file`.pub (0644), in OpenSSH's formats, and
/// prints paths and fingerprint. An existing file is replaced only when the answer is yes.
/// Returns false if the answer was no. Throws Error{config} if there is no terminal to ask on or a
/// file can't be written; then an old key is still there, whole.
bool generate_key_pair(const KeygenSettings& settings, Random& random,
                       const KeygenTerminal& terminal);

/// Asks on stdin if it is a terminal, prints on stdout.
KeygenTerminal keygen_terminal_of_process();

}  // namespace culvert
