#include "common/keys/certificate.hpp"

#include <string_view>

#include "common/wire/protocol_error.hpp"
#include "common/wire/reader.hpp"
#include "common/wire/writer.hpp"

namespace culvert {
namespace {

struct Type {
    std::string_view certificate;
    std::string_view plain;
    int fields;  ///< of the plain key's blob behind its name, strings and mpints alike
};

constexpr Type types[] = {
    {"ssh-ed25519-cert-v01@openssh.com", "ssh-ed25519", 1},
    {"ssh-rsa-cert-v01@openssh.com", "ssh-rsa", 2},
    {"ecdsa-sha2-nistp256-cert-v01@openssh.com", "ecdsa-sha2-nistp256", 2},
    {"ecdsa-sha2-nistp384-cert-v01@openssh.com", "ecdsa-sha2-nistp384", 2},
    {"ecdsa-sha2-nistp521-cert-v01@openssh.com", "ecdsa-sha2-nistp521", 2},
    {"sk-ssh-ed25519-cert-v01@openssh.com", "sk-ssh-ed25519@openssh.com", 2},
    {"sk-ecdsa-sha2-nistp256-cert-v01@openssh.com", "sk-ecdsa-sha2-nistp256@openssh.com", 3},
};

}  // namespace

std::optional<PublicKey> certified_key(const PublicKey& key) {
    for (const Type& type : types) {
        if (key.algorithm() != type.certificate) continue;
        try {
            Reader in{key.blob()};
            in.text();    // the type
            in.string();  // the nonce
            ByteVector blob;
            Writer out{blob};
            out.string(type.plain);
            for (int i = 0; i < type.fields; ++i) out.string(in.string());
            return PublicKey::from_blob(blob);
        } catch (const ProtocolError&) {
            return std::nullopt;
        }
    }
    return std::nullopt;
}

}  // namespace culvert
