#include "common/auth/authorized_keys.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "common/auth/authorized_keys_options.hpp"
#include "common/base/characters.hpp"
#include "common/base/error.hpp"
#include "common/base/escape.hpp"
#include "common/crypto/base64.hpp"

namespace culvert {
namespace {

constexpr std::string_view blanks = " \t";
/// OpenSSH skips longer lines.
constexpr std::size_t longest_line = 16'384;

std::string_view trimmed(std::string_view text) {
    const std::size_t start = std::min(text.find_first_not_of(" \t\r"), text.size());
    text.remove_prefix(start);
    return text.substr(0, text.find_last_not_of(" \t\r") + 1);
}

/// The first word; `rest` loses it and the blanks behind it. Blanks in quotes don't end it.
std::string_view take_word(std::string_view& rest) {
    bool quoted = false;
    std::size_t end = 0;
    for (; end < rest.size(); ++end) {
        const char c = rest[end];
        if (c == '\\' && end + 1 < rest.size() && rest[end + 1] == '"') {
            ++end;
        } else if (c == '"') {
            quoted = !quoted;
        } else if (!quoted && blanks.find(c) != std::string_view::npos) {
            break;
        }
    }
    const std::string_view word = rest.substr(0, end);
    rest.remove_prefix(end);
    rest.remove_prefix(std::min(rest.find_first_not_of(blanks), rest.size()));
    return word;
}

/// Names of key formats have no '=', '"' or ','; options that come first mostly have one, and those
/// that don't (restrict) have none of these prefixes.
bool is_key_type(std::string_view word) {
    if (word.find_first_of("=\",") != std::string_view::npos) return false;
    return word.starts_with("ssh-") || word.starts_with("ecdsa-") || word.starts_with("sk-");
}

constexpr std::string_view one_key_a_line = "each key needs a line of its own";

/// The type of a key that begins at the end of `word`: "alice@laptopssh-ed25519" is what joining
/// two files makes of a comment and the next line's type. Empty if there is none.
std::string_view type_at_end(std::string_view word) {
    constexpr std::array<std::string_view, 8> types{"sk-ssh-ed25519@openssh.com",
                                                    "sk-ecdsa-sha2-nistp256@openssh.com",
                                                    "ssh-ed25519",
                                                    "ssh-rsa",
                                                    "ssh-dss",
                                                    "ecdsa-sha2-nistp256",
                                                    "ecdsa-sha2-nistp384",
                                                    "ecdsa-sha2-nistp521"};
    const auto found =
        std::ranges::find_if(types, [&](std::string_view type) { return word.ends_with(type); });
    return found == types.end() ? std::string_view{} : word.substr(word.size() - found->size());
}

/// A key's type at the end of a word, and a key's base64 as the next one.
bool has_key(std::string_view comment) {
    constexpr std::size_t shortest_key = 40;
    const std::vector<std::string_view> words = words_of(comment);
    for (std::size_t i = 0; i + 1 < words.size(); ++i) {
        // Every key's blob begins with a length below 2^16.
        const bool is_base64 =
            words[i + 1].starts_with("AAAA") && words[i + 1].size() >= shortest_key;
        if (is_base64 && !type_at_end(words[i]).empty()) return true;
    }
    return false;
}

}  // namespace

bool PermittedTarget::allows(std::string_view host_asked, std::uint32_t port_asked) const noexcept {
    return (!port || *port == port_asked) && (host == "*" || host == host_asked);
}

std::optional<AuthorizedKey> parse_authorized_key(std::string_view line) {
    std::string_view rest = trimmed(line);
    if (rest.empty() || rest.starts_with('#')) return std::nullopt;
    if (rest.size() > longest_line) {
        throw Error{ErrorKind::config, fmt::format("longer than {} bytes", longest_line)};
    }
    std::string_view options;
    std::string_view type = take_word(rest);
    if (!is_key_type(type)) {
        options = type;
        type = take_word(rest);
        if (!is_key_type(type)) {
            throw Error{
                ErrorKind::config,
                fmt::format("'{}' is neither a key nor options before one", escaped(options, 64))};
        }
    }
    const std::string_view base64 = take_word(rest);
    if (!type_at_end(base64).empty()) {
        throw Error{ErrorKind::config,
                    fmt::format("two keys without a line break between them: {}", one_key_a_line)};
    }
    AuthorizedKey key{PublicKey::from_text(type, base64), std::string{rest}, {}, {}, {}, {}};
    apply_key_options(options, key);
    return key;
}

std::optional<std::string> why_second_key_is_lost(const AuthorizedKey& key) {
    if (!has_key(key.comment)) return std::nullopt;
    return fmt::format("a second key on this line counts as the first one's comment: {}",
                       one_key_a_line);
}

std::optional<std::string> why_refused(const AuthorizedKey& key, const IpAddress& peer,
                                       std::chrono::system_clock::time_point now) {
    if (key.refused) return key.refused;
    if (key.expires && now >= *key.expires) return "expired (expiry-time)";
    if (key.from && !from_list_matches(*key.from, peer)) {
        return fmt::format("not from {} (from=\"{}\")", to_string(peer), escaped(*key.from));
    }
    return std::nullopt;
}

AuthorizedKeySearch search_authorized_keys(std::string_view file_text, const PublicKey& key,
                                           const IpAddress& peer,
                                           std::chrono::system_clock::time_point now) {
    AuthorizedKeySearch search;
    // A key has one text in strict base64: lines without it are none of our business, however they
    // look, and most of a long file is passed over quickly.
    const std::string base64 = base64_encode(key.blob());
    std::size_t number = 0;
    while (!file_text.empty() && !search.allowed) {
        const std::size_t end = std::min(file_text.find('\n'), file_text.size());
        const std::string_view line = file_text.substr(0, end);
        file_text.remove_prefix(std::min(end + 1, file_text.size()));
        ++number;
        if (line.find(base64) == std::string_view::npos) continue;
        std::optional<std::string> refusal;
        try {
            const auto found = parse_authorized_key(line);
            if (!found) continue;
            if (found->key == key) {
                refusal = why_refused(*found, peer, now);
                if (!refusal) search.allowed = found->permissions;
            } else {
                refusal =
                    fmt::format("the key counts as the comment of another one: {}", one_key_a_line);
            }
        } catch (const Error& error) {
            refusal = error.what();
        }
        if (refusal) search.warnings.push_back(fmt::format("line {}: {}", number, *refusal));
    }
    return search;
}

}  // namespace culvert
