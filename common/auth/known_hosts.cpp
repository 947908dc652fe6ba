#include "common/auth/known_hosts.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>
#include <nettle/hmac.h>

#include "common/base/characters.hpp"
#include "common/base/error.hpp"
#include "common/base/escape.hpp"
#include "common/base/host_name.hpp"
#include "common/base/shell_quote.hpp"
#include "common/base/wildcard.hpp"
#include "common/crypto/base64.hpp"

namespace culvert {
namespace {

using Marker = KnownHostEntry::Marker;

constexpr std::string_view blanks = " \t\r";
constexpr std::string_view hashed_magic = "|1|";
using Sha1 = std::array<std::byte, SHA1_DIGEST_SIZE>;

std::string_view take_word(std::string_view& rest) {
    rest.remove_prefix(std::min(rest.find_first_not_of(blanks), rest.size()));
    const std::string_view word = rest.substr(0, rest.find_first_of(blanks));
    rest.remove_prefix(word.size());
    return word;
}

Sha1 hmac_sha1(Bytes key, std::string_view text) {
    hmac_sha1_ctx context{};
    hmac_sha1_set_key(&context, key.size(), uchar(key));
    hmac_sha1_update(&context, text.size(), uchar(bytes_of(text)));
    Sha1 digest{};
    hmac_sha1_digest(&context, digest.size(), uchar(MutableBytes{digest}));
    return digest;
}

/// |1|salt|hash, both in base64.
struct HashedName {
    ByteVector salt;
    ByteVector hash;
};

std::optional<HashedName> parse_hashed(std::string_view hosts) {
    if (!hosts.starts_with(hashed_magic)) return std::nullopt;
    hosts.remove_prefix(hashed_magic.size());
    const std::size_t bar = hosts.find('|');
    if (bar == std::string_view::npos) return std::nullopt;
    auto salt = base64_decode(hosts.substr(0, bar));
    auto hash = base64_decode(hosts.substr(bar + 1));
    if (!salt || !hash || salt->size() != SHA1_DIGEST_SIZE || hash->size() != SHA1_DIGEST_SIZE) {
        return std::nullopt;
    }
    return HashedName{*std::move(salt), *std::move(hash)};
}

/// Throws Error{config} that says what is wrong with the line; empty for blanks and comments.
std::optional<KnownHostEntry> parse_line(std::string_view line, std::size_t number) {
    std::string_view rest = line;
    std::string_view word = take_word(rest);
    if (word.empty() || word.starts_with('#')) return std::nullopt;
    Marker marker = Marker::none;
    if (word.starts_with('@')) {
        if (word == "@cert-authority") {
            marker = Marker::cert_authority;
        } else if (word == "@revoked") {
            marker = Marker::revoked;
        } else {
            throw Error{ErrorKind::config, fmt::format("unknown marker {}", escaped(word, 64))};
        }
        word = take_word(rest);
    }
    const std::string hosts{word};
    if (hosts.starts_with('|') && !parse_hashed(hosts)) {
        throw Error{ErrorKind::config, "a hashed name that is not |1|salt|hash"};
    }
    const std::string_view type = take_word(rest);
    const std::string_view base64 = take_word(rest);
    if (base64.empty()) throw Error{ErrorKind::config, "not hosts, key type and key"};
    return KnownHostEntry{marker, hosts, PublicKey::from_text(type, base64), number};
}

/// For an equivalent name they say nothing: `*,!gw` leaves gw out, and so doesn't mean gw. either.
enum class Wildcards { match, match_nothing };

/// A list of patterns with ',' between; one with '!' that matches makes the whole list not match.
bool hosts_match(const KnownHostEntry& entry, const std::string& name, Wildcards wildcards) {
    if (const auto hashed = parse_hashed(entry.hosts)) {
        return std::ranges::equal(hmac_sha1(hashed->salt, name), hashed->hash);
    }
    bool matched = false;
    std::string_view list = entry.hosts;
    while (!list.empty()) {
        const std::size_t comma = std::min(list.find(','), list.size());
        std::string_view pattern = list.substr(0, comma);
        list.remove_prefix(std::min(comma + 1, list.size()));
        const bool negated = pattern.starts_with('!');
        if (negated) pattern.remove_prefix(1);
        const bool is_literal = pattern.find_first_of("*?") == std::string_view::npos;
        if (!negated && !is_literal && wildcards == Wildcards::match_nothing) continue;
        if (!wildcard_match(lower_case(pattern), name)) continue;
        if (negated) return false;
        matched = true;
    }
    return matched;
}

/// How much an answer counts against another one for the same name; a revoked key always wins.
int weight(KnownHostState state) {
    switch (state) {
        case KnownHostState::revoked:
            return 4;
        case KnownHostState::match:
            return 3;
        case KnownHostState::changed:
            return 2;
        case KnownHostState::other_type:
            return 1;
        case KnownHostState::unknown:
            return 0;
    }
    return 0;
}

/// What one entry that names the host says about the key.
KnownHostState judge(const KnownHostEntry& entry, const PublicKey& key) {
    const bool same = entry.key == key;
    switch (entry.marker) {
        case Marker::revoked:
            return same ? KnownHostState::revoked : KnownHostState::unknown;
        case Marker::cert_authority:
            return KnownHostState::unknown;
        case Marker::none:
            break;
    }
    if (same) return KnownHostState::match;
    return entry.key.algorithm() == key.algorithm() ? KnownHostState::changed
                                                    : KnownHostState::other_type;
}

KnownHostAnswer look_up_name(std::span<const KnownHostsFile> files, const std::string& name,
                             const PublicKey& key, Wildcards wildcards) {
    KnownHostAnswer answer;
    for (const KnownHostsFile& file : files) {
        for (const KnownHostEntry& entry : file.entries) {
            const KnownHostState state = judge(entry, key);
            if (weight(state) <= weight(answer.state) || !hosts_match(entry, name, wildcards)) {
                continue;
            }
            answer = {state, file.path, entry.line, entry.key, name};
        }
    }
    return answer;
}

/// By one name of the server.
KnownHostAnswer look_up_server(std::span<const KnownHostsFile> files, std::string_view host,
                               std::uint16_t port, const PublicKey& key, Wildcards wildcards) {
    KnownHostAnswer answer = look_up_name(files, known_host_name(host, port), key, wildcards);
    if (port == ssh_port || weight(answer.state) >= weight(KnownHostState::match)) return answer;
    // ssh takes the bare name's key for any port, but lets only a match count; a key that was
    // revoked for the host is revoked here, too.
    const bool unknown = answer.state == KnownHostState::unknown;
    KnownHostAnswer bare = look_up_name(files, known_host_name(host, ssh_port), key, wildcards);
    if (bare.state == KnownHostState::revoked) return bare;
    if (bare.state == KnownHostState::match && unknown) return bare;
    return answer;
}

}  // namespace

KnownHostsFile parse_known_hosts(std::string_view text, const std::string& path) {
    KnownHostsFile file{path, {}, {}};
    std::size_t number = 0;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        const std::string_view line = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        ++number;
        try {
            if (auto entry = parse_line(line, number)) file.entries.push_back(*std::move(entry));
        } catch (const Error& error) {
            file.warnings.push_back(
                fmt::format("{}:{}: {}", shell_quoted(path), number, error.what()));
        }
    }
    return file;
}

KnownHostAnswer look_up_known_host(std::span<const KnownHostsFile> files, std::string_view host,
                                   std::uint16_t port, const PublicKey& key, OtherNames others) {
    KnownHostAnswer answer = look_up_server(files, host, port, key, Wildcards::match);
    if (others == OtherNames::ignored) return answer;
    for (const std::string& other : equivalent_hosts(host)) {
        KnownHostAnswer also = look_up_server(files, other, port, key, Wildcards::match_nothing);
        if (also.state == KnownHostState::revoked || answer.state == KnownHostState::unknown) {
            answer = std::move(also);
        }
    }
    return answer;
}

std::string known_host_name(std::string_view host, std::uint16_t port) {
    const std::string name = lower_case(host);
    return port == ssh_port ? name : fmt::format("[{}]:{}", name, port);
}

std::string format_known_host(std::string_view name, const PublicKey& key) {
    return fmt::format("{} {}\n", name, key.to_text());
}

std::string format_hashed_known_host(std::string_view name, const PublicKey& key,
                                     std::span<const std::byte, 20> salt) {
    const Sha1 hash = hmac_sha1(salt, name);
    return fmt::format("{}{}|{} {}\n", hashed_magic, base64_encode(salt), base64_encode(hash),
                       key.to_text());
}

bool names_are_hashed(const KnownHostsFile& file) {
    const auto hashed = [](const KnownHostEntry& entry) {
        return entry.hosts.starts_with(hashed_magic);
    };
    return std::ranges::any_of(file.entries, hashed);
}

}  // namespace culvert
