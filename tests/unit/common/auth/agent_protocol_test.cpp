#include "common/auth/agent_protocol.hpp"

#include <doctest/doctest.h>

#include "common/keys/private_key.hpp"
#include "common/wire/protocol_error.hpp"
#include "common/wire/writer.hpp"
#include "tests/unit/common/crypto/test_random.hpp"

using namespace culvert;

namespace {

PublicKey a_key(unsigned seed) {
    test::SeededRandom random{seed};
    return PrivateKey::generate(random, "").public_key();
}

PublicKey key_of_type(std::string_view type) {
    ByteVector blob;
    Writer{blob}.string(type);
    return PublicKey::from_blob(blob);
}

ByteVector answer_with(const std::vector<ByteVector>& blobs) {
    ByteVector message;
    Writer out{message};
    out.byte(12);
    out.uint32(static_cast<std::uint32_t>(blobs.size()));
    for (const ByteVector& blob : blobs) {
        out.string(blob);
        out.string("a comment");
    }
    return message;
}

ByteVector blob_of(const PublicKey& key) { return {key.blob().begin(), key.blob().end()}; }

ByteVector signed_with(std::string_view algorithm) {
    ByteVector blob;
    Writer{blob}.string(algorithm);
    Writer{blob}.string("the signature");
    ByteVector message;
    Writer{message}.byte(14);
    Writer{message}.string(blob);
    return message;
}

}  // namespace

TEST_CASE("an agent's keys are read in its order, without those that nobody should take") {
    const PublicKey first = a_key(1);
    const PublicKey second = key_of_type("sk-ssh-ed25519@openssh.com");
    ByteVector garbled = blob_of(first);
    garbled.pop_back();
    const auto keys = agent::parse_keys(
        answer_with({blob_of(first), garbled, blob_of(key_of_type("ssh-dss")), blob_of(second)}));
    REQUIRE(keys.size() == 2);
    CHECK(keys[0] == first);
    CHECK(keys[1] == second);
    CHECK(agent::parse_keys(answer_with({})).empty());
}

TEST_CASE("every truncation of an agent's answers, and each with a byte more, is refused") {
    const ByteVector keys = answer_with({blob_of(a_key(1)), blob_of(a_key(2))});
    const ByteVector signature = signed_with("ssh-ed25519");
    for (std::size_t n = 0; n < keys.size(); ++n) {
        CAPTURE(n);
        CHECK_THROWS_AS(agent::parse_keys(Bytes{keys}.first(n)), ProtocolError);
    }
    for (std::size_t n = 0; n < signature.size(); ++n) {
        CAPTURE(n);
        CHECK_THROWS_AS(agent::parse_signature(Bytes{signature}.first(n), "ssh-ed25519"),
                        ProtocolError);
    }
    ByteVector longer = keys;
    longer.push_back(std::byte{0});
    CHECK_THROWS_AS(agent::parse_keys(longer), ProtocolError);
    ByteVector longer_signature = signature;
    longer_signature.push_back(std::byte{0});
    CHECK_THROWS_AS(agent::parse_signature(longer_signature, "ssh-ed25519"), ProtocolError);
}

TEST_CASE("a signature counts only in the algorithm that was asked for") {
    CHECK(agent::parse_signature(signed_with("ssh-ed25519"), "ssh-ed25519"));
    CHECK(agent::parse_signature(signed_with("rsa-sha2-512"), "rsa-sha2-512"));
    CHECK(agent::parse_signature(signed_with("ssh-ed25519"), "ssh-ed25519-cert-v01@openssh.com"));
    CHECK(agent::parse_signature(signed_with("sk-ssh-ed25519@openssh.com"),
                                 "sk-ssh-ed25519-cert-v01@openssh.com"));
    CHECK(!agent::parse_signature(signed_with("ssh-rsa"), "rsa-sha2-512"));
    CHECK(!agent::parse_signature(signed_with("rsa-sha2-256"), "rsa-sha2-512"));
    const ByteVector failure{std::byte{5}};
    CHECK(!agent::parse_signature(failure, "ssh-ed25519"));
    const ByteVector other{std::byte{6}};
    CHECK_THROWS_AS(agent::parse_signature(other, "ssh-ed25519"), ProtocolError);
}

TEST_CASE("requests carry their length, and an RSA key's hash as a flag (RFC 8332)") {
    const ByteVector list = agent::list_request();
    CHECK(list ==
          ByteVector{std::byte{0}, std::byte{0}, std::byte{0}, std::byte{1}, std::byte{11}});
    const ByteVector data(10, std::byte{7});
    for (const auto& [algorithm, flag] :
         {std::pair{"rsa-sha2-512", 4}, std::pair{"rsa-sha2-512-cert-v01@openssh.com", 4},
          std::pair{"rsa-sha2-256", 2}, std::pair{"ssh-ed25519", 0}}) {
        CAPTURE(algorithm);
        const ByteVector request = agent::sign_request(a_key(1), data, algorithm);
        CHECK(agent::message_size(Bytes{request}.first(4)) == request.size() - 4);
        CHECK(static_cast<int>(request.back()) == flag);
    }
}

TEST_CASE("an answer's length is bounded before anything is allocated for it") {
    const auto header = [](std::uint32_t length) {
        ByteVector bytes;
        Writer{bytes}.uint32(length);
        return bytes;
    };
    CHECK(agent::message_size(header(1)) == 1);
    CHECK(agent::message_size(header(agent::max_message_size)) == agent::max_message_size);
    CHECK_THROWS_AS(agent::message_size(header(0)), ProtocolError);
    CHECK_THROWS_AS(agent::message_size(header(agent::max_message_size + 1)), ProtocolError);
    CHECK_THROWS_AS(agent::message_size(header(0xffffffff)), ProtocolError);
}
