#pragma once

#include <optional>
#include <string>

#include "common/base/bytes.hpp"
#include "common/crypto/ed25519.hpp"
#include "common/crypto/random.hpp"
#include "common/crypto/secret_bytes.hpp"
#include "common/keys/public_key.hpp"

namespace culvert {

/// An ssh-ed25519 key to sign with: a host's or a user's. Move-only; wiped when it goes.
class PrivateKey {
public:
    PrivateKey(Ed25519PrivateKey key, std::string comment);
    static PrivateKey generate(Random& random, std::string comment);

    const PublicKey& public_key() const noexcept { return public_key_; }
    const std::string& comment() const noexcept { return comment_; }
    const Ed25519PrivateKey& ed25519() const noexcept { return key_; }

    /// A signature blob, as verify() takes it.
    ByteVector sign(Bytes data) const { return signature_blob(key_.sign(data)); }

private:
    Ed25519PrivateKey key_;
    PublicKey public_key_;
    std::string comment_;
};

/// An agent may sign for a user, not for a host.
enum class KeyOwner { user, host };

/// Reads the text of an unencrypted OpenSSH private key file (OpenSSH's PROTOCOL.key). `file` is
/// its name, for the messages and the commands in them. As ssh-keygen does, it takes white space
/// anywhere in the base64, and text behind the last line. Throws Error{config} that says what the
/// text is instead (encrypted, a key of another type or format, a public key, a certificate) or
/// what is wrong with it, with a hint for such an owner.
PrivateKey parse_private_key(Bytes text, const std::string& file, KeyOwner owner = KeyOwner::user);

/// Throws as parse_private_key does unless the text begins as such a file does.
void expect_openssh_private_key(Bytes text, const std::string& file,
                                KeyOwner owner = KeyOwner::user);

/// The public key that such a text names without any passphrase, whatever its type and cipher; or
/// the one that a public key's line is. Nothing if there is none in it.
std::optional<PublicKey> parse_public_half(Bytes text);

/// The other way, unencrypted. `random` makes the check numbers.
SecretBytes format_private_key(const PrivateKey& key, Random& random);

}  // namespace culvert
