#include "common/wire/auth_messages.hpp"

#include <doctest/doctest.h>

#include "tests/unit/common/wire/check_codec.hpp"

using namespace culvert;
using test::check_codec;
using test::unhex;

TEST_CASE("the messages of RFC 4252") {
    const ByteVector key = unhex("0102");
    check_codec(msg::UserauthRequest{"al", "ssh-connection", "none"},
                "32"
                "00000002616c"
                "0000000e7373682d636f6e6e656374696f6e"
                "000000046e6f6e65");
    check_codec(msg::UserauthFailure{{"publickey", "password"}, true},
                "33"
                "000000127075626c69636b65792c70617373776f7264"
                "01");
    check_codec(msg::UserauthSuccess{}, "34");
    check_codec(msg::UserauthBanner{"hi", "en"}, "3500000002686900000002656e");
    check_codec(msg::UserauthPkOk{"a", key}, "3c0000000161000000020102");
}
