#include "common/kex/key_derivation.hpp"

#include <doctest/doctest.h>

#include "tests/unit/common/kex/exchange_vector.hpp"

using namespace culvert;

TEST_CASE("keys of any length (RFC 4253 7.2), made again by Python's hashlib") {
    const ExchangeHash hash{test::unhex_array<32>(test::vector_hash)};
    Sha256Digest first_hash;
    std::ranges::copy(test::counting(32), first_hash.begin());
    const SessionId session_id{first_hash};
    const KexSecret secret = test::rfc_7748_secret();
    struct Row {
        char letter;
        std::string_view key;
    };
    for (const Row& row : {
             Row{'A', "253230015f9cafa38ea5f6a1"},
             Row{'B', "16cf16345f05f28b4f241713"},
             Row{'C', "dcfe8d275b9a166f4226aa4ca38919be2c4793a9014e721b2a6c6dfae2209f8c"},
             Row{'C',
                 "dcfe8d275b9a166f4226aa4ca38919be2c4793a9014e721b2a6c6dfae2209f8cce619b6571acc037"
                 "786b42f91aed806a8faa69e1485a00fd6091631360b7ddf5cf624e57fe2a3cc417793aa39ac9f7d0"
                 "33b222c3f7989af7bbcadf9b94cecd15c48e7154"},
             Row{'D',
                 "acf2b46c170abd44659ae1fa8bc388497d9cfdf3c39124b2c9db8e2462f6c4ed06fbb813a42907e4"
                 "deec29f4e53cfa3c8e63baaea0a90832dd0770671a854551"},
             Row{'E', "56"},
         }) {
        CAPTURE(row.key);
        ByteVector key(row.key.size() / 2);
        derive_key(key, row.letter, {HashAlgorithm::sha256, secret, hash, session_id});
        CHECK(test::hex(key) == row.key);
    }
}

TEST_CASE("keys of a method with SHA-512, under the session id of one with SHA-256") {
    ByteVector key(96);
    derive_key(
        key, 'C',
        {HashAlgorithm::sha512, KexSecret::string_of(test::counting(64)),
         ExchangeHash{sha512(bytes_of("exchange"))}, SessionId{sha256(bytes_of("session"))}});
    CHECK(test::hex(key) ==
          "1020cfbc61143d4f22bd7acb34ec11f4fec05a775be444125ec1c9ac18f4d385d150cdc4b2f2586b5e732b7e"
          "b3d2490bc4a2bf310e233cf9052a76ffb9e41aaae90160d6e4374728773b0f84106e8e30d5bcacd67c91e82c"
          "8ba76d6d4759f2e4");
}

TEST_CASE("each direction has its letters (RFC 4253 7.2)") {
    CHECK(key_letters(Role::client).iv == 'A');
    CHECK(key_letters(Role::server).iv == 'B');
    CHECK(key_letters(Role::client).key == 'C');
    CHECK(key_letters(Role::server).key == 'D');
}
