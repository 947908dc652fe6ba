#include "common/config/algorithms.hpp"

#include <string>

#include <doctest/doctest.h>

#include "common/base/error.hpp"
#include "common/kex/kex_method.hpp"

using namespace culvert;

using Names = std::vector<std::string>;

TEST_CASE("ciphers are those that culvert has, in the order written") {
    CHECK(parse_ciphers("chacha20-poly1305@openssh.com,aes256-gcm@openssh.com") ==
          Names{"chacha20-poly1305@openssh.com", "aes256-gcm@openssh.com"});
    CHECK(parse_ciphers("aes256-gcm@openssh.com,aes256-gcm@openssh.com") ==
          Names{"aes256-gcm@openssh.com"});
    for (const std::string list : {"", ",", "aes256-gcm@openssh.com,", "aes256-ctr", "none",
                                   "AES256-GCM@openssh.com", "+aes256-gcm@openssh.com"}) {
        CAPTURE(list);
        CHECK_THROWS_WITH_AS(parse_ciphers(list),
                             doctest::Contains("chacha20-poly1305@openssh.com"), Error);
    }
    CHECK(parse_kex_algorithms("curve25519-sha256") == Names{"curve25519-sha256"});
    CHECK_THROWS_AS(parse_kex_algorithms("diffie-hellman-group1-sha1"), Error);
}

TEST_CASE("without a backend AES-GCM is left out of a configured list, and can't be all of it") {
    const std::string aes = "aes256-gcm@openssh.com";
    const std::string chacha = "chacha20-poly1305@openssh.com";
    struct Row {
        Names configured, possible;
    };
    for (const Row& row :
         {Row{{aes, chacha}, {chacha}}, Row{{chacha, aes}, {chacha}}, Row{{chacha}, {chacha}}}) {
        CHECK(possible_ciphers(row.configured, {}) == row.possible);
        CHECK(possible_ciphers(row.configured, {AesGcmBackend::sodium}) == row.configured);
    }
    CHECK(possible_ciphers({aes}, {AesGcmBackend::sodium}) == Names{aes});
    CHECK_THROWS_WITH_AS(possible_ciphers({aes}, {}),
                         "this CPU has no instructions for aes256-gcm@openssh.com", Error);
}

TEST_CASE("+, - and ^ change the default list, as with ssh (ssh_config(5), Ciphers)") {
    const std::string aes = "aes256-gcm@openssh.com";
    const std::string chacha = "chacha20-poly1305@openssh.com";
    const Names defaults{aes, chacha};
    CHECK(choose_ciphers(chacha, defaults) == Names{chacha});
    CHECK(choose_ciphers("+" + chacha, defaults) == defaults);
    CHECK(choose_ciphers("+" + chacha, {aes}) == defaults);
    CHECK(choose_ciphers("^" + chacha, defaults) == Names{chacha, aes});
    CHECK(choose_ciphers("-aes*", defaults) == Names{chacha});
    CHECK(choose_ciphers("-aes128-ctr,3des-cbc", defaults) == defaults);
    CHECK(choose_kex_algorithms("-*x25519-*,curve25519-sha256") ==
          Names{"curve25519-sha256@libssh.org"});
    CHECK_THROWS_WITH_AS(choose_ciphers("-*", defaults),
                         doctest::Contains("'-*' leaves no cipher: culvert has aes256"), Error);
    for (const std::string list : {"", "+", "^", "+aes128-ctr", "^aes*"}) {
        CAPTURE(list);
        CHECK_THROWS_WITH_AS(choose_ciphers(list, defaults), doctest::Contains("no cipher '"),
                             Error);
    }
}

TEST_CASE("where a post-quantum key exchange is required, no other is offered") {
    const std::string mlkem = "mlkem768x25519-sha256";
    const std::string curve = "curve25519-sha256";
    CHECK(offered_kex_algorithms({}, false) == kex_methods());
    CHECK(offered_kex_algorithms({curve, mlkem}, false) == Names{curve, mlkem});
    CHECK(offered_kex_algorithms({curve, mlkem}, true) == Names{mlkem});
    CHECK(offered_kex_algorithms({}, true) ==
          Names{mlkem, "sntrup761x25519-sha512", "sntrup761x25519-sha512@openssh.com"});
    CHECK_THROWS_WITH_AS(offered_kex_algorithms({curve, "curve25519-sha256@libssh.org"}, true),
                         "a post-quantum key exchange is required, but the list has only "
                         "curve25519-sha256, curve25519-sha256@libssh.org",
                         Error);
}

TEST_CASE("compression has three words") {
    CHECK(compression_method("zstd") == "zstd@culvert.internal");
    CHECK(compression_method("zlib") == "zlib@openssh.com");
    CHECK(compression_method("none") == "none");
    CHECK_THROWS_AS(compression_method("zlib@openssh.com"), Error);
    const std::string zstd = "zstd@culvert.internal";
    const std::string zlib = "zlib@openssh.com";
    CHECK(compression_methods() == Names{zstd, zlib, "none"});
    CHECK(prefer_compression("zstd") == Names{zstd, zlib, "none"});
    CHECK(prefer_compression("zlib") == Names{zlib, zstd, "none"});
    CHECK(prefer_compression("none") == Names{"none", zstd, zlib});
    CHECK_THROWS_AS(prefer_compression("gzip"), Error);
}
