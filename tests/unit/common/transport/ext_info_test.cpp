#include "common/transport/ext_info.hpp"

#include <doctest/doctest.h>

#include <algorithm>

#include "common/wire/protocol_error.hpp"
#include "common/wire/transport_messages.hpp"
#include "tests/unit/common/crypto/hex.hpp"

using namespace culvert;
using test::unhex;

namespace {

using Pairs = std::vector<std::pair<std::string_view, std::string_view>>;

ByteVector ext_info(const Pairs& pairs) {
    ByteVector payload = encoded(msg::ExtInfo{static_cast<std::uint32_t>(pairs.size())});
    for (const auto& [name, value] : pairs) {
        Writer{payload}.string(name);
        Writer{payload}.string(value);
    }
    return payload;
}

}  // namespace

TEST_CASE("EXT_INFO goes there and back (RFC 8308 2.3)") {
    const Extensions all{{"ssh-ed25519", "rsa-sha2-512"}, true, true};
    const ByteVector payload = encode_ext_info(all);
    CHECK(payload == ext_info({{"server-sig-algs", "ssh-ed25519,rsa-sha2-512"},
                               {"ping@openssh.com", "0"},
                               {"reset@culvert.internal", "0"}}));
    const Extensions read = decode_ext_info(payload);
    CHECK(read.server_sig_algs == all.server_sig_algs);
    CHECK(read.ping);
    CHECK(read.reset);

    CHECK(test::hex(encode_ext_info({})) == "0700000000");
    const Extensions none = decode_ext_info(unhex("0700000000"));
    CHECK(none.server_sig_algs.empty());
    CHECK_FALSE(none.ping);
    CHECK_FALSE(none.reset);
}

TEST_CASE("an extension that isn't known, or of another version, is skipped") {
    const Extensions read =
        decode_ext_info(ext_info({{"publickey-hostbound@openssh.com", "0"},
                                  {"ping@openssh.com", "1"},
                                  {"no-flow-control", std::string_view{"\0,,", 3}},
                                  {"server-sig-algs", "ssh-ed25519"},
                                  {"reset@culvert.internal", ""}}));
    CHECK(read.server_sig_algs == NameList{"ssh-ed25519"});
    CHECK_FALSE(read.ping);
    CHECK_FALSE(read.reset);
}

TEST_CASE("a garbled EXT_INFO is refused") {
    const ByteVector payload = ext_info({{"server-sig-algs", "ssh-ed25519"}, {"a", "b"}});
    for (std::size_t length = 0; length < payload.size(); ++length) {
        CAPTURE(length);
        CHECK_THROWS_AS(decode_ext_info(Bytes{payload}.first(length)), ProtocolError);
    }
    ByteVector longer = payload;
    longer.push_back(std::byte{0});
    CHECK_THROWS_AS(decode_ext_info(longer), ProtocolError);
    CHECK_THROWS_AS(decode_ext_info(ext_info({{"server-sig-algs", std::string_view{"a\0b", 3}}})),
                    ProtocolError);
}

TEST_CASE("odd names in server-sig-algs don't hide the others") {
    for (const std::string_view list :
         {"ssh-ed25519,rsa-sha2-512,", ",ssh-ed25519,rsa-sha2-512", "ssh-ed25519,,rsa-sha2-512",
          "a name,ssh-ed25519,rsa-sha2-512", "ssh-ed25519,\xff\x01,rsa-sha2-512,,"}) {
        CAPTURE(list);
        const NameList names =
            decode_ext_info(ext_info({{"server-sig-algs", list}})).server_sig_algs;
        CHECK(std::ranges::count(names, "ssh-ed25519") == 1);
        CHECK(std::ranges::count(names, "rsa-sha2-512") == 1);
    }
}

TEST_CASE("a count costs nothing that isn't there (CVE-2026-55199)") {
    for (const char* const payload : {"0700000041", "0780000000", "07ffffffff"}) {
        CAPTURE(payload);
        CHECK_THROWS_WITH(decode_ext_info(unhex(payload)),
                          "EXT_INFO names more than 64 extensions");
    }
    const Pairs most(64, {"x", ""});
    CHECK_NOTHROW(decode_ext_info(ext_info(most)));
}
