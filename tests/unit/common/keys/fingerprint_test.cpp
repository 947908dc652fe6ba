#include "common/keys/fingerprint.hpp"

#include <doctest/doctest.h>

#include "tests/unit/common/keys/key_vectors.hpp"

using namespace culvert;

TEST_CASE("fingerprints are what ssh-keygen -l prints") {
    struct Row {
        std::string_view line;
        std::string_view fingerprint;
    };
    for (const Row& row : {
             Row{test::openssh_1_pub, test::openssh_1_fingerprint},
             Row{test::openssh_2_pub, test::openssh_2_fingerprint},
             Row{test::keygen_pub, test::keygen_fingerprint},
             Row{test::ecdsa_pub, test::ecdsa_fingerprint},
             Row{test::rsa_pub, test::rsa_fingerprint},
         }) {
        CAPTURE(row.line);
        const PublicKey key = parse_public_key_line(row.line).key;
        CHECK(fingerprint(key) == row.fingerprint);
        CHECK(fingerprint(key.blob()) == row.fingerprint);
    }
}
