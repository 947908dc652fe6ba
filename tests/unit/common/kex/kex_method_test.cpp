#include "common/kex/kex_method.hpp"

#include <doctest/doctest.h>

#include "tests/unit/common/crypto/test_random.hpp"

using namespace culvert;

TEST_CASE("post-quantum methods are preferred, and each name has its method") {
    CHECK(kex_methods() == NameList{"mlkem768x25519-sha256", "sntrup761x25519-sha512",
                                    "sntrup761x25519-sha512@openssh.com", "curve25519-sha256",
                                    "curve25519-sha256@libssh.org"});
    test::SeededRandom random{1};
    for (const std::string& name : kex_methods()) {
        CAPTURE(name);
        const auto method = make_kex_method(name, random);
        REQUIRE(method);
        CHECK(is_post_quantum(name) == (method->client_init().size() > 32));
        CHECK((method->hash() == HashAlgorithm::sha512) == name.starts_with("sntrup761"));
    }
    for (const std::string_view name : {"", "mlkem768x25519-sha256@openssh.com", "ext-info-c"}) {
        CHECK(!make_kex_method(name, random));
        CHECK(!is_post_quantum(name));
    }
}
