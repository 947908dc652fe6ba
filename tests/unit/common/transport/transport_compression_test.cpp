#include <doctest/doctest.h>

#include <array>

#include "tests/unit/common/transport/transport_pair.hpp"
#include "tests/unit/common/wire/refusal.hpp"

using namespace culvert;
using test::refusal;
using test::TransportPair;

namespace {

using Payloads = std::vector<ByteVector>;

/// Of a message of the layers above: the second time most of it is a reference to the first.
const ByteVector text = [] {
    ByteVector made(2000, std::byte{94});
    for (std::size_t i = 1; i < 40; ++i) made[i] = static_cast<std::byte>(i * 37 % 101);
    return made;
}();

TransportPair pair_with(std::string_view compression) {
    return TransportPair{
        test::transport_config(Role::client, test::offering(chacha20_poly1305, compression)),
        test::transport_config(Role::server, test::offering(chacha20_poly1305, compression))};
}

/// Sends the text, and returns how many bytes that took.
std::size_t pass(TransportPair& pair, test::TransportEnd& from, test::TransportEnd& to) {
    const std::size_t received = to.payloads.size();
    from.transport.send(text);
    const std::size_t size = from.transport.output().size();
    pair.run();
    REQUIRE(to.payloads.size() == received + 1);
    CHECK(to.payloads.back() == text);
    return size;
}

constexpr std::array methods{delayed_zlib, delayed_zstd};

}  // namespace

TEST_CASE("compression begins with authentication, and not before (PROTOCOL 1.2)") {
    for (const std::string_view method : methods) {
        CAPTURE(method);
        TransportPair pair = pair_with(method);
        CHECK_FALSE(pair.client.transport.delays_compression());  // nothing is negotiated yet
        pair.run();
        CHECK(pair.client.transport.delays_compression());
        CHECK(pair.server.transport.delays_compression());
        CHECK(pass(pair, pair.client, pair.server) > text.size());
        CHECK(pass(pair, pair.server, pair.client) > text.size());

        pair.establish();
        CHECK(pass(pair, pair.client, pair.server) < 200);
        CHECK(pass(pair, pair.server, pair.client) < 200);
    }
    TransportPair none = pair_with(no_compression);
    none.establish();
    CHECK_FALSE(none.client.transport.delays_compression());
    CHECK(pass(none, none.client, none.server) > text.size());
}

TEST_CASE("each direction is compressed as was agreed for it") {
    TransportConfig of_client =
        test::transport_config(Role::client, test::offering(chacha20_poly1305, no_compression));
    of_client.algorithms.compression = {std::string{delayed_zstd}, std::string{delayed_zlib},
                                        std::string{no_compression}};
    for (const std::string_view method : {delayed_zstd, delayed_zlib, no_compression}) {
        CAPTURE(method);
        TransportPair pair{of_client, test::transport_config(
                                          Role::server, test::offering(chacha20_poly1305, method))};
        pair.establish();
        CHECK(pair.client.transport.negotiated().compression_client_to_server == method);
        CHECK((pass(pair, pair.client, pair.server) < 200) == (method != no_compression));
        CHECK((pass(pair, pair.server, pair.client) < 200) == (method != no_compression));
    }
}

TEST_CASE("each rekey starts the streams anew, with messages held meanwhile") {
    for (const std::string_view method : methods) {
        CAPTURE(method);
        TransportPair pair = pair_with(method);
        pair.establish();
        const std::size_t first = pass(pair, pair.client, pair.server);
        CHECK(pass(pair, pair.client, pair.server) < first);  // it refers back
        pair.client.transport.start_rekey(pair.now);
        pair.server.transport.send(text);
        pair.client.transport.send(text);
        pair.client.transport.send(text);
        pair.run();
        CHECK(pair.server.payloads == Payloads(4, text));
        CHECK(pair.client.payloads == Payloads(1, text));
        pair.server.transport.start_rekey(pair.now);
        pair.run(1);
        CHECK(pass(pair, pair.client, pair.server) == first);
        CHECK(pass(pair, pair.server, pair.client) == first);
    }
}

TEST_CASE("a bomb ends the connection, whatever its size on the wire") {
    for (const std::string_view method : methods) {
        CAPTURE(method);
        TransportPair pair = pair_with(method);
        pair.establish();
        pair.client.transport.send(ByteVector(256 * 1024, std::byte{94}));
        pair.run();
        CHECK(pair.server.payloads.size() == 1);
        pair.client.transport.send(ByteVector(256 * 1024 + 1, std::byte{94}));
        CHECK(pair.client.transport.output().size() < 2000);
        CHECK(refusal([&] { pair.run(); }).reason() == DisconnectReason::compression_error);
    }
}

TEST_CASE("what goes in the clear after authentication is refused, and so is an empty payload") {
    for (const std::string_view method : methods) {
        CAPTURE(method);
        TransportPair pair = pair_with(method);
        pair.establish();
        pair.client.transport.writer().compress_with(nullptr);
        pair.client.transport.send(text);
        CHECK(refusal([&] { pair.run(); }).reason() == DisconnectReason::compression_error);

        TransportPair empty = pair_with(method);
        empty.establish();
        empty.client.transport.writer().compress_with(nullptr);
        // zlib: the stream's header alone; zstd: nothing, stored.
        empty.client.transport.writer().write(
            method == delayed_zlib ? ByteVector{std::byte{0x78}, std::byte{0x9c}} : ByteVector(1));
        CHECK_THROWS_AS(empty.run(), ProtocolError);
    }
}
