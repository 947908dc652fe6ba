#include "common/auth/signed_request.hpp"

#include <doctest/doctest.h>

#include "tests/unit/common/auth/user_keys.hpp"
#include "tests/unit/common/crypto/hex.hpp"

using namespace culvert;
using test::hex;

TEST_CASE("a request that shows a key, and what its signature covers (RFC 4252 7)") {
    const PublicKey& key = test::user_key(0).public_key();
    const std::string head =
        "32"                                    // SSH_MSG_USERAUTH_REQUEST
        "00000005616c696365"                    // alice
        "0000000e7373682d636f6e6e656374696f6e"  // ssh-connection
        "000000097075626c69636b6579";           // publickey
    const std::string tail =
        "0000000b7373682d65643235353139"  // ssh-ed25519
        "00000033" +
        hex(key.blob());
    CHECK(hex(public_key_query("alice", "ssh-ed25519", key)) == head + "00" + tail);
    CHECK(hex(public_key_request("alice", "ssh-ed25519", key)) == head + "01" + tail);

    const ByteVector request = public_key_request("alice", "ssh-ed25519", key);
    CHECK(hex(signed_data(test::session_id(0xab), request)) ==
          "00000020" + hex(test::session_id(0xab)) + hex(request));
}
