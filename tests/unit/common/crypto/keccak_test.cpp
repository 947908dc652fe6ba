#include "common/crypto/keccak.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>

#include "tests/unit/common/crypto/hex.hpp"

using namespace culvert;
using test::hex;

namespace {

std::string output(Keccak::Function function, Bytes message, std::size_t size) {
    ByteVector bytes(size);
    Keccak{function}.absorb(message).squeeze(bytes);
    return hex(bytes);
}

ByteVector message_of(std::size_t size) { return ByteVector(size, static_cast<std::byte>(size)); }

}  // namespace

TEST_CASE("SHA-3 and SHAKE of nothing (FIPS 202)") {
    CHECK(output(Keccak::sha3_256, {}, 32) ==
          "a7ffc6f8bf1ed76651c14756a061d662f580ff4de43b49fa82d80a4b80f8434a");
    CHECK(output(Keccak::sha3_512, {}, 64) ==
          "a69f73cca23a9ac5c8b567dc185a756e97c982164fe25859e0d1dcc1475c80a6"
          "15b2123af1f5f94c11e3e9402c3ac558f500199d95b6d3e301758586281dcd26");
    CHECK(output(Keccak::shake128, {}, 32) ==
          "7f9c2ba4e88f827d616045507605853ed73b8093f6efbc88eb1a6eacfa66ef26");
    CHECK(output(Keccak::shake256, {}, 32) ==
          "46b9dd2b0ba88d13233b3feb743eeb243fcd52ea62b81b82b50c27646ed5762f");
}

TEST_CASE("SHA-3 and SHAKE of 200 bytes of A3, NIST's example") {
    const ByteVector message(200, std::byte{0xa3});
    CHECK(output(Keccak::sha3_256, message, 32) ==
          "79f38adec5c20307a98ef76e8324afbfd46cfd81b22e3973c65fa1bd9de31787");
    CHECK(output(Keccak::sha3_512, message, 64) ==
          "e76dfad22084a8b1467fcf2ffa58361bec7628edf5f3fdc0e4805dc48caeeca8"
          "1b7c13c30adf52a3659584739a2df46be589c51ca1a4a8416df6545a1ce8ba00");
    CHECK(output(Keccak::shake128, message, 512).substr(960) ==
          "44c9fb359fd56ac0a9a75a743cff6862f17d7259ab075216c0699511643b6439");
    CHECK(output(Keccak::shake256, message, 512).substr(960) ==
          "6a1a9d7846436e4dca5728b6f760eef0ca92bf0be5615e96959d767197a0beeb");
}

TEST_CASE("SHA-3 and SHAKE of messages of each length around the rates") {
    struct Row {
        std::string name;
        Keccak::Function function;
        std::size_t size;    ///< of the digest; 0: one byte more than the message
        const char* of_all;  ///< SHA3-256 of all outputs, computed by Python's hashlib
    };
    for (const Row& row : {
             Row{"sha3_256", Keccak::sha3_256, 32,
                 "9e53d295c13daa4d20203675e4d9e0df4d24f57b605c1a8a02d9f574448fda99"},
             Row{"sha3_512", Keccak::sha3_512, 64,
                 "245710079f5c1dca42e07a95acd19c22023b8da8c78d4dca07eb7830487a5663"},
             Row{"shake128", Keccak::shake128, 0,
                 "8f43c36db4c85e78c69f5ab8a83adf4dd711a7d066a99774fd3ea558eff1d1f3"},
             Row{"shake256", Keccak::shake256, 0,
                 "2e417f9299cc5fdd3075b7d15365837356e5dccf6546e72fe025af876a4a8ef8"},
         }) {
        CAPTURE(row.name);
        Keccak all{Keccak::sha3_256};
        for (std::size_t size = 0; size <= 300; ++size) {
            ByteVector bytes(row.size == 0 ? size + 1 : row.size);
            Keccak{row.function}.absorb(message_of(size)).squeeze(bytes);
            all.absorb(bytes);
        }
        ByteVector digest(32);
        all.squeeze(digest);
        CHECK(hex(digest) == row.of_all);
    }
}

TEST_CASE("a message absorbed, and an output squeezed, in pieces are the same") {
    const ByteVector message = message_of(700);
    const std::string whole = output(Keccak::shake128, message, 700);
    for (const std::size_t piece : {1, 3, 167, 168, 169}) {
        CAPTURE(piece);
        Keccak sponge{Keccak::shake128};
        for (Bytes rest = message; !rest.empty();) {
            const Bytes now = rest.first(std::min(piece, rest.size()));
            sponge.absorb(now);
            rest = rest.subspan(now.size());
        }
        ByteVector bytes(700);
        for (MutableBytes rest = bytes; !rest.empty();) {
            const MutableBytes now = rest.first(std::min(piece, rest.size()));
            sponge.squeeze(now);
            rest = rest.subspan(now.size());
        }
        CHECK(hex(bytes) == whole);
    }
}
