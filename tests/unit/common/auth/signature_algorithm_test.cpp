#include "common/auth/signature_algorithm.hpp"

#include <doctest/doctest.h>

#include "common/wire/writer.hpp"

using namespace culvert;

TEST_CASE("the algorithm that a key signs with follows the server's list (RFC 8308, RFC 8332)") {
    struct Row {
        const char* key_type;
        NameList server;
        const char* algorithm;  ///< null: none
    };
    // What OpenSSH 9.2 lists, shortened: never the names of certificates.
    const NameList openssh{"ssh-ed25519", "sk-ssh-ed25519@openssh.com", "rsa-sha2-512",
                           "rsa-sha2-256"};
    for (const Row& row : {
             Row{"ssh-ed25519", {}, "ssh-ed25519"},
             Row{"ssh-ed25519", openssh, "ssh-ed25519"},
             Row{"ssh-ed25519", {"rsa-sha2-256", "rsa-sha2-512"}, "ssh-ed25519"},
             Row{"ssh-rsa", {}, "rsa-sha2-512"},
             Row{"ssh-rsa", openssh, "rsa-sha2-512"},
             Row{"ssh-rsa", {"rsa-sha2-256"}, "rsa-sha2-256"},
             Row{"ssh-rsa", {"ssh-rsa"}, nullptr},
             Row{"ssh-rsa", {"ssh-ed25519"}, nullptr},
             Row{"ecdsa-sha2-nistp256", openssh, "ecdsa-sha2-nistp256"},
             Row{"sk-ecdsa-sha2-nistp256@openssh.com",
                 {"rsa-sha2-512"},
                 "sk-ecdsa-sha2-nistp256@openssh.com"},
             Row{"ssh-ed25519-cert-v01@openssh.com", openssh, "ssh-ed25519-cert-v01@openssh.com"},
             Row{"sk-ssh-ed25519-cert-v01@openssh.com", openssh,
                 "sk-ssh-ed25519-cert-v01@openssh.com"},
             Row{"ssh-rsa-cert-v01@openssh.com",
                 {"rsa-sha2-256"},
                 "rsa-sha2-256-cert-v01@openssh.com"},
         }) {
        CAPTURE(row.key_type);
        ByteVector blob;
        Writer{blob}.string(std::string_view{row.key_type});
        if (std::string_view{row.key_type} == "ssh-ed25519") {
            blob.clear();
            Writer{blob}.string(std::string_view{row.key_type});
            // The base point, which is a point of the curve as a key must be.
            ByteVector point(32, std::byte{0x66});
            point[0] = std::byte{0x58};
            Writer{blob}.string(point);
        }
        const auto found = signature_algorithm(PublicKey::from_blob(blob), row.server);
        CHECK(found == (row.algorithm == nullptr ? std::nullopt
                                                 : std::optional<std::string>{row.algorithm}));
    }
}
