#include "common/crypto/sha2.hpp"

#include <doctest/doctest.h>

#include <string>

#include "tests/unit/common/crypto/hex.hpp"

using namespace culvert;
using test::hex;
using test::unhex;

namespace {

constexpr std::string_view two_blocks = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";

}  // namespace

TEST_CASE("SHA-256 (FIPS 180-4 examples)") {
    struct Row {
        std::string message;
        const char* digest;
    };
    for (const Row& row : {
             Row{"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
             Row{"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
             Row{std::string{two_blocks},
                 "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
             Row{std::string(1'000'000, 'a'),
                 "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"},
         }) {
        CAPTURE(row.digest);
        CHECK(hex(sha256(bytes_of(row.message))) == row.digest);
    }
}

TEST_CASE("SHA-512 (FIPS 180-4 example)") {
    CHECK(hex(sha512(bytes_of("abc"))) ==
          "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
          "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f");
}

TEST_CASE("SHA-256 doesn't care how its message is cut") {
    const Bytes message = bytes_of(two_blocks);
    const Sha256Digest whole = sha256(message);
    for (std::size_t cut = 0; cut <= message.size(); ++cut) {
        CAPTURE(cut);
        Sha256 hash;
        hash.update(message.first(cut));
        Sha256 copy = hash;
        CHECK(hash.update(message.subspan(cut)).finish() == whole);
        CHECK(copy.update({}).update(message.subspan(cut)).finish() == whole);
    }
}

TEST_CASE("HMAC-SHA-256 (RFC 4231 4)") {
    struct Row {
        const char* name;
        std::string key;
        std::string message;
        const char* mac;
    };
    const std::string long_key(262, 'a');  // 131 bytes aa
    for (const Row& row : {
             Row{"4.2", "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "Hi There",
                 "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"},
             Row{"4.3", "4a656665", "what do ya want for nothing?",
                 "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
             Row{"4.4", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", std::string(50, '\xdd'),
                 "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"},
             Row{"4.7", long_key, "Test Using Larger Than Block-Size Key - Hash Key First",
                 "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"},
         }) {
        CAPTURE(row.name);
        CHECK(hex(hmac_sha256(unhex(row.key), bytes_of(row.message))) == row.mac);
    }
}
