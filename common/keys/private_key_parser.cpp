#include <algorithm>
#include <optional>

#include <fmt/format.h>

#include "common/base/error.hpp"
#include "common/base/shell_quote.hpp"
#include "common/crypto/base64.hpp"
#include "common/keys/certificate.hpp"
#include "common/keys/private_key.hpp"
#include "common/keys/private_key_format.hpp"
#include "common/wire/protocol_error.hpp"
#include "common/wire/reader.hpp"

namespace culvert {
namespace {

using namespace openssh_key;

[[noreturn]] void fail(const std::string& text, std::string hint) {
    throw Error{ErrorKind::config, text, Hint{std::move(hint)}};
}

// What is wrong with a file's content, caught together with the Reader's errors by
// parse_private_key, which names the file and says what to do.
class Garbled : public ProtocolError {
    using ProtocolError::ProtocolError;
};

[[noreturn]] void fail_for_encrypted(const std::string& file, KeyOwner owner) {
    fail(shell_quoted(file) + " is encrypted, and culvert asks for no passphrase",
         (owner == KeyOwner::user ? "ssh-add " : "ssh-keygen -p -f ") + shell_quoted(file));
}

[[noreturn]] void fail_for_other_type(const std::string& file, std::string_view type,
                                      KeyOwner owner) {
    fail(fmt::format("{} is {}; culvert reads only ssh-ed25519 keys in OpenSSH's format",
                     shell_quoted(file), type),
         owner == KeyOwner::user ? "ssh-add " + shell_quoted(file)
                                 : "make a key with culvert keygen -f FILE");
}

std::string_view without_leading_blanks(Bytes text) {
    const std::string_view all = text_of(text);
    return all.substr(std::min(all.find_first_not_of(" \t\r\n"), all.size()));
}

std::optional<PublicKey> public_key_line(std::string_view text) {
    try {
        return parse_public_key_line(text.substr(0, text.find('\n'))).key;
    } catch (const Error&) {
        return std::nullopt;
    }
}

std::string_view public_kind(std::string_view text) {
    const auto key = public_key_line(text);
    return key && certified_key(*key) ? "certificate" : "public key";
}

bool is_public_key(std::string_view text) {
    return text.starts_with("---- BEGIN SSH2 PUBLIC KEY") ||
           text.starts_with("-----BEGIN PUBLIC KEY") || text.starts_with("-----BEGIN RSA PUBLIC") ||
           public_key_line(text);
}

// What stands between the first and the last line, without white space, wherever that is. What
// follows the last line isn't looked at. ssh-keygen reads such files the same way.
SecretBytes base64_of(Bytes text) {
    const std::string_view all = without_leading_blanks(text).substr(begin_line.size());
    const std::size_t end = all.find(end_line);
    if (end == std::string_view::npos) throw Garbled{"its last line is missing"};
    SecretBytes base64{end};
    const auto is_white_space = [](std::byte b) {
        return b == std::byte{' '} || (b >= std::byte{'\t'} && b <= std::byte{'\r'});
    };
    const auto copied = std::ranges::remove_copy_if(bytes_of(all.substr(0, end)),
                                                    base64.writable().begin(), is_white_space);
    base64.shrink(static_cast<std::size_t>(copied.out - base64.writable().begin()));
    return base64;
}

// Check numbers, key, comment and padding (PROTOCOL.key 3).
PrivateKey parse_private_section(Bytes section, const PublicKey& public_key) {
    if (section.size() % block_size != 0) throw Garbled{"its length is wrong"};
    Reader in{section};
    if (in.uint32() != in.uint32()) throw Garbled{"its check numbers differ"};
    if (in.text() != ssh_ed25519) throw Garbled{"its two halves are of different types"};
    const Bytes public_half = in.string();
    const Bytes secret = in.string();
    if (secret.size() != Ed25519PrivateKey::secret_size) {
        throw Garbled{"its private half is of the wrong length"};
    }
    std::string comment{in.text()};
    for (std::uint8_t padding = 1; !in.rest().empty(); ++padding) {
        if (in.byte() != padding) throw Garbled{"its padding is wrong"};
    }

    std::array<std::byte, Ed25519Seed::size> seed;
    std::ranges::copy(secret.first<Ed25519Seed::size>(), seed.begin());
    PrivateKey key{Ed25519PrivateKey{Ed25519Seed{std::span{seed}}}, std::move(comment)};
    const Ed25519PublicKey& derived = key.ed25519().public_key();
    if (key.public_key() != public_key || !std::ranges::equal(public_half, derived.bytes) ||
        !std::ranges::equal(secret.subspan(Ed25519Seed::size), derived.bytes)) {
        throw Garbled{"its private and public halves don't match"};
    }
    return key;
}

SecretBytes decoded_text(Bytes text) {
    const SecretBytes base64 = base64_of(text);
    auto decoded = base64_decode_secret(text_of(base64.reveal()));
    if (!decoded) throw Garbled{"its base64 is not proper"};
    return std::move(*decoded);
}

// What stands before the private section, which alone is encrypted (PROTOCOL.key 1).
struct Head {
    std::string_view cipher;
    std::string_view key_derivation;
    Bytes options;
    PublicKey public_key;
};

Head read_head(Reader& in) {
    if (in.rest().size() < magic.size() || text_of(in.raw(magic.size())) != magic) {
        throw Garbled{"it is not in the format openssh-key-v1"};
    }
    const std::string_view cipher = in.text();
    const std::string_view key_derivation = in.text();
    const Bytes options = in.string();
    if (in.uint32() != 1) throw Garbled{"it does not hold one key"};
    return {cipher, key_derivation, options, PublicKey::from_blob(in.string())};
}

PrivateKey parse_decoded(Bytes decoded, const std::string& file, KeyOwner owner) {
    Reader in{decoded};
    const Head head = read_head(in);
    const Bytes section = in.string();
    if (head.cipher != "none") fail_for_encrypted(file, owner);
    in.expect_end();
    if (head.key_derivation != "none" || !head.options.empty()) {
        throw Garbled{"it has a key derivation but no cipher"};
    }
    if (head.public_key.algorithm() != ssh_ed25519) {
        fail_for_other_type(file, "of type " + head.public_key.algorithm(), owner);
    }
    return parse_private_section(section, head.public_key);
}

}  // namespace

void expect_openssh_private_key(Bytes text, const std::string& file, KeyOwner owner) {
    const std::string_view begin = without_leading_blanks(text);
    if (begin.starts_with(begin_line)) return;
    if (begin.starts_with("-----BEGIN ENCRYPTED PRIVATE KEY") ||
        (begin.starts_with("-----BEGIN ") && begin.find("Proc-Type: 4,ENCRYPTED") != begin.npos)) {
        fail_for_encrypted(file, owner);
    }
    for (const auto& [start, type] : {
             std::pair{"-----BEGIN RSA PRIVATE KEY", "an RSA key in PEM"},
             std::pair{"-----BEGIN EC PRIVATE KEY", "an ECDSA key in PEM"},
             std::pair{"-----BEGIN DSA PRIVATE KEY", "a DSA key in PEM"},
             std::pair{"-----BEGIN PRIVATE KEY", "a key in PKCS#8"},
         }) {
        if (begin.starts_with(start)) fail_for_other_type(file, type, owner);
    }
    if (begin.starts_with("PuTTY-User-Key-File-")) {
        fail(shell_quoted(file) + " is a PuTTY key",
             fmt::format("puttygen {} -O private-openssh-new -o NEW_FILE", shell_quoted(file)));
    }
    if (is_public_key(begin)) {
        fail(fmt::format("{} is a {}", shell_quoted(file), public_kind(begin)),
             "name the file of the private key that belongs to it");
    }
    fail(fmt::format("{} is not a private key: an OpenSSH one begins with {}", shell_quoted(file),
                     begin_line),
         {});
}

PrivateKey parse_private_key(Bytes text, const std::string& file, KeyOwner owner) {
    expect_openssh_private_key(text, file, owner);
    try {
        return parse_decoded(decoded_text(text).reveal(), file, owner);
    } catch (const ProtocolError& error) {
        fail(fmt::format("{} is garbled: {}", shell_quoted(file), error.what()),
             "restore it from a backup, or make a new key with culvert keygen");
    }
}

std::optional<PublicKey> parse_public_half(Bytes text) {
    const std::string_view begin = without_leading_blanks(text);
    if (!begin.starts_with(begin_line)) return public_key_line(begin);
    try {
        const SecretBytes decoded = decoded_text(text);
        Reader in{decoded.reveal()};
        return read_head(in).public_key;
    } catch (const ProtocolError&) {
        return std::nullopt;
    }
}

}  // namespace culvert
