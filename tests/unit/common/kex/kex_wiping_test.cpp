// That a key exchange leaves no secret on the stack: it runs on a stack of its own, which is
// searched afterwards.
#include <optional>

#include <doctest/doctest.h>

#include "common/kex/exchange_hash.hpp"
#include "common/kex/kex_method.hpp"
#include "common/kex/key_derivation.hpp"
#include "tests/unit/common/crypto/own_stack.hpp"
#include "tests/unit/common/crypto/test_random.hpp"

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)

using namespace culvert;

TEST_CASE("no hybrid key exchange leaves its secret, or a key made of it, on the stack") {
    for (const std::string_view name : {"mlkem768x25519-sha256", "sntrup761x25519-sha512"}) {
        CAPTURE(name);
        test::SeededRandom random{1};
        const auto client = make_kex_method(name, random);
        const auto answer = make_kex_method(name, random)->on_client_init(client->client_init());
        std::optional<KexSecret> secret;
        const ByteVector after_reply =
            test::stack_after([&] { secret.emplace(client->on_server_reply(answer.reply)); });
        const Bytes hidden = secret->reveal().subspan(4);
        CHECK(!test::has_part_of(after_reply, hidden));

        const ExchangeHash hash{sha256(bytes_of("H"))};
        std::array<std::byte, 64> key;
        const ByteVector after_derivation = test::stack_after([&] {
            derive_key(key, 'C', {client->hash(), *secret, hash, hash});
        });
        CHECK(!test::has_part_of(after_derivation, hidden));
        CHECK(!test::has_part_of(after_derivation, key));

        const ByteVector leak = test::stack_after([&] {
            auto copy = key;
            asm volatile("" : : "r"(copy.data()) : "memory");
        });
        CHECK(test::has_part_of(leak, key));
    }
}

#endif
