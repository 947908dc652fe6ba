#include "common/kex/kex_secret.hpp"

#include <doctest/doctest.h>

#include "tests/unit/common/crypto/hex.hpp"
#include "tests/unit/common/kex/exchange_vector.hpp"

using namespace culvert;

TEST_CASE(
    "the secret of curve25519-sha256 is an mpint of its 32 bytes, the first the highest "
    "(RFC 8731 3.1)") {
    struct Row {
        std::string_view name;
        std::string_view bytes;
        std::string_view mpint;
    };
    for (const Row& row : {
             Row{"RFC 7748 6.1", "4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742",
                 "000000204a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742"},
             Row{"the highest bit set",
                 "8f22222222222222222222222222222222222222222222222222222222222222",
                 "00000021008f22222222222222222222222222222222222222222222222222222222222222"},
             Row{"zeros in front",
                 "0000ff1111111111111111111111111111111111111111111111111111111111",
                 "0000001f00ff1111111111111111111111111111111111111111111111111111111111"},
         }) {
        CAPTURE(row.name);
        CHECK(test::hex(test::kex_secret(row.bytes).reveal()) == row.mpint);
    }
}

TEST_CASE("a hybrid method's secret is a string, leading zeros and all") {
    CHECK(test::hex(KexSecret::string_of(test::unhex("0000ff")).reveal()) == "000000030000ff");
    CHECK(KexSecret::string_of(test::counting(KexSecret::longest)).reveal().size() == 68);
}
