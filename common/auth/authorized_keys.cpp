#include "common/auth/authorized_keys.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "common/auth/authorized_keys_options.hpp"
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
    AuthorizedKey key{PublicKey::from_text(type, base64), std::string{rest}, {}, {}, {}, {}};
    apply_key_options(options, key);
    return key;
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
            if (!found || !(found->key == key)) continue;
            refusal = why_refused(*found, peer, now);
            if (!refusal) search.allowed = found->permissions;
        } catch (const Error& error) {
            refusal = error.what();
        }
        if (refusal) search.remarks.push_back(fmt::format("line {}: {}", number, *refusal));
    }
    return search;
}

}  // namespace culvert
