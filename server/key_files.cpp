#include "server/key_files.hpp"

#include <sstream>

#include <fmt/format.h>

#include "common/auth/authorized_keys.hpp"
#include "common/base/error.hpp"
#include "common/base/escape.hpp"
#include "common/base/shell_quote.hpp"
#include "common/log/log.hpp"
#include "server/config.hpp"

namespace culvert {

KeyFile any_user_key_file(const std::string& path) { return {path, {.anybody = true}}; }

KeyFile user_key_file(const std::string& path, std::string_view user) {
    return {path, {.account = std::string{user}}};
}

std::string read_key_file(const KeyFile& file) {
    constexpr std::size_t longest_file = 16 << 20;
    return read_trusted_file(file.path, longest_file, file.owners);
}

void check_key_file(const KeyFile& file) {
    const std::string& path = file.path;
    const std::string text = read_key_file(file);
    if (text.find(" PRIVATE KEY-----") != std::string::npos) {
        throw Error{
            ErrorKind::config,
            fmt::format("{}: a private key, where lines of public keys are expected",
                        shell_quoted(path)),
            Hint{fmt::format("its public half is in the owner's {}", shell_quoted(path + ".pub"))}};
    }
    std::size_t usable = 0;
    std::istringstream lines{text};
    std::string line;
    for (std::size_t number = 1; std::getline(lines, line); ++number) {
        try {
            const auto found = parse_authorized_key(line);
            if (!found) continue;
            if (const auto why = why_second_key_is_lost(*found)) {
                log_info("{}:{}: {}", shell_quoted(path), number, *why);
            }
            if (found->refused) throw Error{ErrorKind::config, *found->refused};
            if (found->key.algorithm() != ssh_ed25519) {
                throw Error{ErrorKind::config, fmt::format("a key of type {}: culvertd takes "
                                                           "ssh-ed25519 keys only",
                                                           escaped(found->key.algorithm(), 64))};
            }
            ++usable;
        } catch (const Error& error) {
            log_info("{}:{}: lets nobody in: {}", shell_quoted(path), number, error.what());
        }
    }
    if (usable == 0) log_info("{}: no key in it lets anybody in", shell_quoted(path));
}

std::size_t check_user_key_files(const ServerConfig& config) {
    std::size_t bad = 0;
    for (const auto& [name, user] : config.users) {
        for (const std::string& path : user.authorized_keys_files) {
            try {
                check_key_file(user_key_file(path, name));
            } catch (const Error& error) {
                ++bad;
                log_error(with_context(
                    fmt::format("{} can't log in with this file", escaped(name, 64)), error));
            }
        }
    }
    return bad;
}

}  // namespace culvert
