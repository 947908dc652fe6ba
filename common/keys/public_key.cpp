#include "common/keys/public_key.hpp"

#include <algorithm>
#include <array>
#include <span>

#include <fmt/format.h>

#include "common/base/big_endian.hpp"
#include "common/base/error.hpp"
#include "common/base/escape.hpp"
#include "common/crypto/base64.hpp"
#include "common/wire/protocol_error.hpp"
#include "common/wire/reader.hpp"

namespace culvert {
namespace {

constexpr std::size_t max_name_length = 64;  // RFC 4251 6
constexpr std::string_view blanks = " \t\r\n";

bool is_algorithm_name(std::string_view name) {
    return !name.empty() && name.size() <= max_name_length &&
           std::ranges::all_of(name, [](char c) { return c > ' ' && c <= '~' && c != ','; });
}

std::string_view trimmed(std::string_view text) {
    const std::size_t first = text.find_first_not_of(blanks);
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

/// Takes the first word off `text`, and the blanks after it.
std::string_view take_word(std::string_view& text) {
    const std::string_view word = text.substr(0, text.find_first_of(blanks));
    text = trimmed(text.substr(word.size()));
    return word;
}

/// What an Ed25519 key's blob, or a signature's, begins with: name, and length of what follows.
auto ed25519_prefix(std::size_t length) noexcept {
    std::array<std::byte, 4 + ssh_ed25519.size() + 4> prefix;
    const std::span whole{prefix};
    store_big_endian<std::uint32_t>(whole.first<4>(), ssh_ed25519.size());
    std::ranges::copy(bytes_of(ssh_ed25519), whole.subspan<4>().begin());
    store_big_endian(whole.last<4>(), static_cast<std::uint32_t>(length));
    return prefix;
}

}  // namespace

PublicKey PublicKey::from_blob(Bytes blob) {
    if (blob.size() > max_blob_size) {
        throw ProtocolError{
            fmt::format("a public key of {} bytes; {} are the most", blob.size(), max_blob_size)};
    }
    Reader in{blob};
    const std::string_view algorithm = in.text();
    if (!is_algorithm_name(algorithm)) {
        throw ProtocolError{
            fmt::format("a public key of a type with no proper name: {}", escaped(algorithm, 64))};
    }
    if (algorithm == ssh_ed25519) {
        const std::size_t size = in.string().size();
        if (size != Ed25519PublicKey::size) {
            throw ProtocolError{fmt::format("an ssh-ed25519 key of {} bytes instead of {}", size,
                                            Ed25519PublicKey::size)};
        }
        in.expect_end();
    }
    return {std::string{algorithm}, {blob.begin(), blob.end()}};
}

PublicKey PublicKey::from_text(std::string_view algorithm, std::string_view base64) {
    const auto blob = base64_decode(base64);
    if (!blob) {
        throw Error{ErrorKind::config, fmt::format("the {} key is no proper base64: {}",
                                                   escaped(algorithm, 64), escaped(base64, 24))};
    }
    PublicKey key = [&] {
        try {
            return from_blob(*blob);
        } catch (const ProtocolError& error) {
            throw Error{ErrorKind::config, fmt::format("the {} key is garbled: {}",
                                                       escaped(algorithm, 64), error.what())};
        }
    }();
    if (key.algorithm() != algorithm) {
        throw Error{ErrorKind::config, fmt::format("a key of type {} is said to be of type {}",
                                                   key.algorithm(), escaped(algorithm, 64))};
    }
    return key;
}

PublicKey PublicKey::from_ed25519(const Ed25519PublicKey& key) {
    ByteVector blob;
    append(blob, ed25519_prefix(key.bytes.size()));
    append(blob, key.bytes);
    return {std::string{ssh_ed25519}, std::move(blob)};
}

std::optional<Ed25519PublicKey> PublicKey::ed25519() const noexcept {
    if (algorithm_ != ssh_ed25519) return std::nullopt;
    Ed25519PublicKey key;
    std::ranges::copy(blob().last<Ed25519PublicKey::size>(), key.bytes.begin());
    return key;
}

std::string PublicKey::to_text() const { return algorithm_ + ' ' + base64_encode(blob_); }

PublicKeyLine parse_public_key_line(std::string_view line) {
    std::string_view rest = trimmed(line);
    const std::string_view algorithm = take_word(rest);
    const std::string_view base64 = take_word(rest);
    if (base64.empty()) {
        throw Error{ErrorKind::config,
                    fmt::format("not a public key, which is a type, base64 and a comment: {}",
                                escaped(trimmed(line), 64))};
    }
    return {PublicKey::from_text(algorithm, base64), std::string{rest}};
}

std::string format_public_key_line(const PublicKey& key, std::string_view comment) {
    const auto is_control = [](char c) { return (c >= 0 && c < ' ') || c == 0x7f; };
    if (std::ranges::any_of(comment, is_control)) {
        throw Error{ErrorKind::config, fmt::format("a key's comment may not hold control "
                                                   "characters: {}",
                                                   escaped(comment))};
    }
    return comment.empty() ? key.to_text() : fmt::format("{} {}", key.to_text(), comment);
}

bool verify(const PublicKey& key, std::string_view algorithm, Bytes data,
            Bytes signature_blob) noexcept {
    const auto ed25519 = key.ed25519();
    if (!ed25519 || algorithm != ssh_ed25519) return false;
    Ed25519Signature signature;
    const auto prefix = ed25519_prefix(signature.size());
    if (signature_blob.size() != prefix.size() + signature.size() ||
        !std::ranges::equal(signature_blob.first(prefix.size()), prefix)) {
        return false;
    }
    std::ranges::copy(signature_blob.subspan(prefix.size()), signature.begin());
    return verify(*ed25519, data, signature);
}

ByteVector signature_blob(const Ed25519Signature& signature) {
    ByteVector blob;
    append(blob, ed25519_prefix(signature.size()));
    append(blob, signature);
    return blob;
}

}  // namespace culvert
