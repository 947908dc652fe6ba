#include "common/kex/hybrid.hpp"

#include <memory>

#include <doctest/doctest.h>

#include "common/crypto/mlkem768.hpp"
#include "common/crypto/sntrup761.hpp"
#include "common/crypto/x25519.hpp"
#include "common/wire/protocol_error.hpp"
#include "tests/unit/common/crypto/hex.hpp"
#include "tests/unit/common/crypto/test_random.hpp"

namespace culvert {
namespace {

struct Row {
    std::string_view name;
    std::unique_ptr<KexMethod> (*make)(Random&);
    HashAlgorithm hash;
    std::size_t init, ciphertext, reply, secret;
};

constexpr std::array rows{
    Row{"ML-KEM-768", make_mlkem768_x25519, HashAlgorithm::sha256, 1184 + 32, 1088, 1088 + 32, 32},
    Row{"sntrup761", make_sntrup761_x25519, HashAlgorithm::sha512, 1158 + 32, 1039, 1039 + 32, 64},
};

DisconnectReason reason_of(auto&& action) {
    try {
        action();
    } catch (const ProtocolError& error) {
        return error.reason();
    }
    return {};
}

ByteVector copy_of(Bytes bytes) { return {bytes.begin(), bytes.end()}; }

}  // namespace

TEST_CASE("both sides of a hybrid method get one secret, a string of its hash's length") {
    for (const Row& row : rows) {
        CAPTURE(row.name);
        test::SeededRandom random{1};
        const auto client = row.make(random);
        const auto server = row.make(random);
        const ByteVector init = copy_of(client->client_init());
        CHECK(init.size() == row.init);
        CHECK(init == copy_of(client->client_init()));
        const KexMethod::Answer answer = server->on_client_init(init);
        CHECK(answer.reply.size() == row.reply);
        const KexSecret secret = client->on_server_reply(answer.reply);
        CHECK(copy_of(secret.reveal()) == copy_of(answer.secret.reveal()));
        CHECK(secret.reveal().size() == 4 + row.secret);
        CHECK(client->hash() == row.hash);
        // Another exchange has other keys.
        CHECK(copy_of(row.make(random)->client_init()) != init);
    }
}

TEST_CASE("the secret is the hash of both secrets, the post-quantum one first") {
    const auto check = [](auto make, auto hash, auto with_kem) {
        test::SeededRandom random{7}, same{7};
        const auto server = make(random);
        const X25519KeyPair servers{same};  // drawn when the method is made
        test::SeededRandom others{8};
        const X25519KeyPair clients{others};
        const auto [kem_key, kem_secret] = with_kem(others, same);
        ByteVector init = copy_of(kem_key);
        init.insert(init.end(), clients.public_key().begin(), clients.public_key().end());
        const KexMethod::Answer answer = server->on_client_init(init);
        const auto x25519 = clients.shared_secret(servers.public_key());
        REQUIRE(x25519);
        const auto digest = Hasher{hash}.update(kem_secret).update(x25519->reveal()).finish();
        CHECK(copy_of(answer.secret.reveal()) == copy_of(KexSecret::string_of(digest).reveal()));
    };
    check(make_mlkem768_x25519, HashAlgorithm::sha256, [](Random& key, Random& encapsulation) {
        const MlKem768 pair{key};
        const auto made = MlKem768::encapsulate(pair.public_key(), encapsulation);
        return std::pair{copy_of(pair.public_key()), copy_of(made->secret.reveal())};
    });
    check(make_sntrup761_x25519, HashAlgorithm::sha512, [](Random& key, Random& encapsulation) {
        const Sntrup761 pair{key};
        const auto made = Sntrup761::encapsulate(pair.public_key(), encapsulation);
        return std::pair{copy_of(pair.public_key()), copy_of(made.secret.reveal())};
    });
}

TEST_CASE("a key share of another length fails the key exchange") {
    for (const Row& row : rows) {
        CAPTURE(row.name);
        test::SeededRandom random{2};
        for (const std::size_t size :
             {std::size_t{0}, std::size_t{32}, row.init - 1, row.init + 1}) {
            CAPTURE(size);
            CHECK(reason_of([&] { row.make(random)->on_client_init(ByteVector(size)); }) ==
                  DisconnectReason::key_exchange_failed);
        }
        for (const std::size_t size :
             {std::size_t{0}, std::size_t{32}, row.reply - 1, row.reply + 1}) {
            CAPTURE(size);
            const auto client = row.make(random);
            client->client_init();
            CHECK(reason_of([&] { client->on_server_reply(ByteVector(size)); }) ==
                  DisconnectReason::key_exchange_failed);
        }
    }
}

TEST_CASE("an X25519 key of small order in a hybrid method fails the key exchange") {
    for (const Row& row : rows) {
        CAPTURE(row.name);
        test::SeededRandom random{3};
        const auto client = row.make(random);
        const auto server = row.make(random);
        ByteVector init = copy_of(client->client_init());
        ByteVector reply = server->on_client_init(init).reply;
        std::fill(init.end() - 32, init.end(), std::byte{0});
        std::fill(reply.end() - 32, reply.end(), std::byte{0});
        CHECK(reason_of([&] { row.make(random)->on_client_init(init); }) ==
              DisconnectReason::key_exchange_failed);
        CHECK(reason_of([&] { client->on_server_reply(reply); }) ==
              DisconnectReason::key_exchange_failed);
    }
}

TEST_CASE("an ML-KEM-768 key with a coefficient of 3329 fails the key exchange") {
    test::SeededRandom random{4};
    const auto client = make_mlkem768_x25519(random);
    ByteVector init = copy_of(client->client_init());
    // The first coefficient is 12 bits, the lowest first.
    init[0] = std::byte{3329 & 0xff};
    init[1] = (init[1] & std::byte{0xf0}) | std::byte{3329 >> 8};
    CHECK(reason_of([&] { make_mlkem768_x25519(random)->on_client_init(init); }) ==
          DisconnectReason::key_exchange_failed);
}

TEST_CASE("an altered ciphertext or X25519 key of the server gives another secret") {
    for (const Row& row : rows) {
        CAPTURE(row.name);
        test::SeededRandom random{5};
        for (const std::size_t at : {std::size_t{0}, row.ciphertext - 1, row.ciphertext}) {
            CAPTURE(at);
            const auto client = row.make(random);
            auto [reply, secret] = row.make(random)->on_client_init(client->client_init());
            reply[at] ^= std::byte{1};
            CHECK(copy_of(client->on_server_reply(reply).reveal()) != copy_of(secret.reveal()));
        }
    }
}

}  // namespace culvert
