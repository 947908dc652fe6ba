#include "common/kex/exchange_hash.hpp"

#include <doctest/doctest.h>

#include "common/wire/writer.hpp"
#include "tests/unit/common/kex/exchange_vector.hpp"

using namespace culvert;
using test::counting;
using test::hex;
using test::unhex;

namespace {

struct Fields {
    std::string client_version = "SSH-2.0-culvert_0.1.0";
    std::string server_version = "SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3";
    ByteVector client_kexinit{std::byte{20}};
    ByteVector server_kexinit{std::byte{20}};
    ByteVector host_key;
    ByteVector client_init = ByteVector(32, std::byte{0xc1});
    ByteVector server_reply = ByteVector(32, std::byte{0x5e});

    Fields() {
        append(client_kexinit, counting(40));
        append(server_kexinit, counting(30, 100));
        Writer out{host_key};
        out.string(std::string_view{"ssh-ed25519"});
        out.string(counting(32));
    }

    ExchangeHash hash(std::string_view secret) const {
        return exchange_hash(HashAlgorithm::sha256,
                             {client_version, server_version, client_kexinit, server_kexinit,
                              host_key, client_init, server_reply},
                             test::kex_secret(secret));
    }
};

constexpr std::string_view secret =
    "4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742";

}  // namespace

TEST_CASE("the exchange hash (RFC 8731 3, RFC 5656 4), made again by Python's hashlib") {
    struct Row {
        std::string_view secret;
        std::string_view hash;
    };
    for (const Row& row : {
             Row{secret, test::vector_hash},
             Row{"0000ff1111111111111111111111111111111111111111111111111111111111",
                 "48951e4bd2c65f64827ab63abdafa4163fbfe713f97004ea31d9a78d7cdc1d90"},
             Row{"8f22222222222222222222222222222222222222222222222222222222222222",
                 "ed3d1573330e3ab568bf777b4c633efbc62b5e782ee0858d3fb407a379082791"},
         }) {
        CAPTURE(row.secret);
        CHECK(hex(Fields{}.hash(row.secret)) == row.hash);
    }
}

TEST_CASE("the exchange hash covers every field, and where one ends") {
    const auto changed = [](auto change) {
        Fields fields;
        change(fields);
        return hex(fields.hash(secret)) != test::vector_hash;
    };
    CHECK(changed([](Fields& f) { f.client_version.back() = '1'; }));
    CHECK(changed([](Fields& f) { f.server_version.back() = '4'; }));
    CHECK(changed([](Fields& f) { f.client_kexinit.back() ^= std::byte{1}; }));
    CHECK(changed([](Fields& f) { f.server_kexinit.back() ^= std::byte{1}; }));
    CHECK(changed([](Fields& f) { f.host_key.back() ^= std::byte{1}; }));
    CHECK(changed([](Fields& f) { f.client_init.back() ^= std::byte{1}; }));
    CHECK(changed([](Fields& f) { f.server_reply.back() ^= std::byte{1}; }));
    CHECK(changed([](Fields& f) {
        f.server_version.insert(f.server_version.begin(), f.client_version.back());
        f.client_version.pop_back();
    }));
}
