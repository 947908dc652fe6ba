#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "common/base/bytes.hpp"
#include "common/crypto/ed25519.hpp"

namespace culvert {

inline constexpr std::string_view ssh_ed25519 = "ssh-ed25519";  // RFC 8709 3

/// A public key (RFC 4253 6.6) of any type: the name of its format, and the blob that goes over the
/// wire and begins with that name. Of an ssh-ed25519 key the whole blob has been checked; of other
/// types, which culvert compares and passes on but does not use, the name alone.
class PublicKey {
public:
    /// What fits a packet before authentication.
    static constexpr std::size_t max_blob_size = 32 * 1024;

    /// Throws ProtocolError.
    static PublicKey from_blob(Bytes blob);
    /// The two words of OpenSSH's formats: `ssh-ed25519` and the blob in strict base64. Throws
    /// Error{config} if the blob is none, or one of another type than the first word says.
    static PublicKey from_text(std::string_view algorithm, std::string_view base64);
    static PublicKey from_ed25519(const Ed25519PublicKey& key);

    const std::string& algorithm() const noexcept { return algorithm_; }
    Bytes blob() const noexcept { return blob_; }
    /// Empty for other types.
    std::optional<Ed25519PublicKey> ed25519() const noexcept;
    /// The two words, with a space between them.
    std::string to_text() const;

    friend bool operator==(const PublicKey& a, const PublicKey& b) noexcept {
        return a.blob_ == b.blob_;
    }

private:
    PublicKey(std::string algorithm, ByteVector blob) noexcept
        : algorithm_{std::move(algorithm)}, blob_{std::move(blob)} {}

    std::string algorithm_;
    ByteVector blob_;
};

/// A line of a .pub file: a key in two words, then, if any, a comment with spaces.
struct PublicKeyLine {
    PublicKey key;
    std::string comment;
};

/// Blanks around the line and between the words are skipped. Throws Error{config}.
PublicKeyLine parse_public_key_line(std::string_view line);
/// Without a newline at the end. Throws Error{config} for a comment with control characters, which
/// could pass for another line.
std::string format_public_key_line(const PublicKey& key, std::string_view comment);

/// Is `signature_blob` a signature of `data` by `key`? The blob is the algorithm's name and the
/// signature, each a string, and nothing after them (RFC 4253 6.6, RFC 8709 6). False for every
/// algorithm but ssh-ed25519, and where key, `algorithm` and blob don't all name it.
[[nodiscard]] bool verify(const PublicKey& key, std::string_view algorithm, Bytes data,
                          Bytes signature_blob) noexcept;

/// The other way: the blob for an Ed25519 signature.
ByteVector signature_blob(const Ed25519Signature& signature);

}  // namespace culvert
