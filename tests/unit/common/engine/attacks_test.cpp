// What a peer, or somebody between the two, may try on a connection as a whole.
#include <doctest/doctest.h>

#include "common/base/big_endian.hpp"
#include "tests/unit/common/engine/walks.hpp"
#include "tests/unit/common/engine/world.hpp"

using namespace culvert;
using namespace culvert::test;

namespace {

using S = ServerWalk::Stage;
using C = ClientWalk::Stage;
using Numbers = std::vector<int>;

bool has_aes() { return std::ranges::count(default_ciphers(), aes256_gcm) > 0; }
const Choice aes{.cipher = aes256_gcm};

/// The sequence number that the engine gives to a packet that it doesn't know.
std::optional<std::uint32_t> sequence_number_seen(Walk& walk) {
    walk.peer.say(ByteVector{std::byte{200}});
    walk.poll();
    for (const ByteVector& payload : walk.peer.listen()) {
        if (message_number(payload) == msg::Unimplemented::number) {
            return decode<msg::Unimplemented>(payload).sequence_number;
        }
    }
    return std::nullopt;
}

/// An SSH_MSG_IGNORE before any cipher.
ByteVector plain_ignore() {
    PacketWriter writer;
    writer.write(encoded(msg::Ignore{}));
    const Bytes packet = writer.output().unsent();
    return {packet.begin(), packet.end()};
}

/// Where the packets before the first NEWKEYS begin, and where the last of them ends.
std::vector<std::size_t> plain_boundaries(Bytes bytes) {
    std::vector<std::size_t> boundaries{text_of(bytes).find('\n') + 1};
    for (std::uint8_t number = 0; number != msg::NewKeys::number;) {
        const Bytes packet = bytes.subspan(boundaries.back());
        number = std::to_integer<std::uint8_t>(packet[5]);
        boundaries.push_back(boundaries.back() + 4 +
                             load_big_endian<std::uint32_t>(packet.first<4>()));
    }
    return boundaries;
}

/// What the server says until the client's NEWKEYS can be sent.
ByteVector first_words_of_server(World& world) {
    for (const Role role : {Role::client, Role::server}) world.transmit(role, SIZE_MAX);
    world.carry(Role::client, SIZE_MAX);
    world.program(Role::server).work(world.now());  // signs
    world.transmit(Role::server, SIZE_MAX);
    return world.pipe_from(Role::server).all();
}

}  // namespace

TEST_CASE("a packet put in before NEWKEYS ends the connection, wherever (Terrapin, attack 1)") {
    World untouched{Scene{}};
    const std::size_t places = plain_boundaries(first_words_of_server(untouched)).size() - 1;
    CHECK(places == 3);  // before KEXINIT, the reply, NEWKEYS
    for (std::size_t place = 0; place < places; ++place) {
        CAPTURE(place);
        World world{Scene{}};
        ByteVector bytes = first_words_of_server(world);
        const std::vector<std::size_t> boundaries = plain_boundaries(bytes);
        // The first protected packet, EXT_INFO, is taken out in exchange.
        bytes.resize(boundaries.back());
        const ByteVector ignore = plain_ignore();
        bytes.insert(bytes.begin() + static_cast<std::ptrdiff_t>(boundaries[place]), ignore.begin(),
                     ignore.end());
        Program& client = world.program(Role::client);
        const auto play = [&] {
            client.receive(bytes, start_time);
            client.work(start_time);
        };
        CHECK_THROWS_AS(play(), ProtocolError);
        CHECK_FALSE(client.engine().authenticated());
    }
}

TEST_CASE("sequence numbers begin anew with every NEWKEYS, if the first KEXINIT says so") {
    ServerWalk strict{{}, StrictKex::yes};
    strict.go_to(S::after_new_keys);
    CHECK(sequence_number_seen(strict) == 0);
    strict.go_to(S::rekeyed);
    CHECK(sequence_number_seen(strict) == 0);

    if (!has_aes()) return;
    for (const bool marked : {false, true}) {
        CAPTURE(marked);
        ServerWalk lax{aes, StrictKex::no};
        lax.peer.marks_later_exchanges = marked;
        lax.go_to(S::after_new_keys);
        CHECK(sequence_number_seen(lax) == 3);  // KEXINIT, INIT and NEWKEYS came before
        lax.go_to(S::channel_open);
        const auto before = sequence_number_seen(lax);
        lax.go_to(S::rekeyed);
        CHECK(sequence_number_seen(lax) == before.value() + 4);
    }
}

TEST_CASE("without strict key exchange AES-GCM is served, and chacha20 sees the host key alone") {
    const auto refusal_of = [](auto& walk) {
        try {
            walk.poll();
        } catch (const ProtocolError& error) {
            CHECK(error.reason() == DisconnectReason::key_exchange_failed);
            return std::string{error.what()};
        }
        return std::string{};
    };
    // What ssh-keyscan needs goes through; what comes next doesn't, whatever it is.
    for (const ByteVector& next : {encoded(msg::ServiceRequest{ssh_userauth}),
                                   encoded(msg::ServiceRequest{"ssh-connection"}),
                                   encoded(msg::UserauthRequest{"alice", ssh_connection, "none"}),
                                   encoded(msg::GlobalRequest{"keepalive@openssh.com", true})}) {
        ServerWalk chacha{{}, StrictKex::no};
        chacha.peer.say_kexinit();
        chacha.poll();
        chacha.peer.listen();
        chacha.peer.say_ecdh();
        chacha.poll();
        CHECK(chacha.peer.listen_for_numbers() == Numbers{31, 21});
        chacha.peer.say_new_keys();
        CHECK_NOTHROW(chacha.poll());
        chacha.peer.say(next);
        CHECK(refusal_of(chacha).find("Terrapin") != std::string::npos);
    }
    ClientWalk client{{}, StrictKex::no};
    client.peer.say_kexinit();
    CHECK(refusal_of(client).find("Terrapin") != std::string::npos);

    if (!has_aes()) return;
    ServerWalk served{aes, StrictKex::no};
    CHECK_NOTHROW(served.go_to(S::over));

    EngineConfig config = server_config(aes);
    config.transport.require_strict_kex = true;
    ServerWalk required{aes, StrictKex::no, config};
    required.go_to(S::before_service);
    required.peer.say(msg::ServiceRequest{ssh_userauth});
    CHECK(refusal_of(required).find("require_strict_kex") != std::string::npos);
}

TEST_CASE("an impossible packet length is refused when it is read (attack 13)") {
    for (const std::uint32_t length : {0U, 1U, 11U, 17U, 35'001U, 35'004U, 1U << 31, UINT32_MAX}) {
        CAPTURE(length);
        ServerWalk walk{{}, StrictKex::yes};
        std::array<std::byte, 4> field;
        store_big_endian(field, length);
        const std::size_t room = walk.engine.receive_space().size();
        walk.peer.say_bytes(field);
        CHECK_THROWS_AS(walk.poll(), ProtocolError);
        CHECK(walk.engine.receive_space().size() <= room);
    }
}

TEST_CASE("a bad length and a bad tag look the same (attack 13)") {
    if (!has_aes()) return;
    const auto error_of = [](Bytes packet) {
        ServerWalk walk{aes, StrictKex::yes};
        walk.go_to(S::channel_open);
        walk.peer.say_bytes(packet);
        try {
            walk.poll();
        } catch (const ProtocolError& error) {
            return std::pair{std::string{error.what()}, error.reason()};
        }
        return std::pair{std::string{}, DisconnectReason{}};
    };
    const auto packet = [](std::uint32_t length) {
        ByteVector bytes(4 + 16 + 16);
        store_big_endian(std::span{bytes}.first<4>(), length);
        return bytes;
    };
    const auto bad_tag = error_of(packet(16));
    CHECK(bad_tag.second == DisconnectReason::mac_error);
    for (const std::uint32_t length : {0U, 17U, 256U * 1024 + 1, 256U * 1024 + 16, UINT32_MAX}) {
        CAPTURE(length);
        CHECK(error_of(packet(length)) == bad_tag);
    }
}

TEST_CASE("windows and packet sizes are kept to (attack 14)") {
    struct Row {
        std::string_view name;
        std::vector<ByteVector> messages;
        bool ends;
    };
    constexpr ChannelId channel{0};
    const auto data = [](std::size_t length) {
        return encoded(msg::ChannelData{channel, ByteVector(length)});
    };
    const auto extended = [](std::size_t length) {
        return encoded(msg::ChannelExtendedData{channel, 1, ByteVector(length)});
    };
    const auto adjust = [](std::uint32_t bytes) {
        return encoded(msg::ChannelWindowAdjust{channel, bytes});
    };
    for (const Row& row : {
             Row{"all of the window", {data(32'768), data(32'768)}, false},
             Row{"a byte too much", {data(32'768), data(32'768), data(1)}, true},
             Row{"more than a packet may have", {data(32'769)}, true},
             Row{"the second kind of data counts", {extended(32'769)}, true},
             Row{"and its window is given back",
                 {extended(30'000), extended(30'000), extended(30'000)},
                 false},
             Row{"the peer's window up to 2^32-1", {adjust(UINT32_MAX - 1000)}, false},
             Row{"the peer's window past 2^32-1", {adjust(UINT32_MAX - 999)}, true},
             Row{"empty data", {data(0), data(0)}, false},
         }) {
        CAPTURE(row.name);
        EngineConfig config = server_config();
        config.connection.receive_window.first = 65'536;
        ServerWalk walk{{}, StrictKex::yes, config};
        walk.go_to(S::channel_open);
        for (const ByteVector& message : row.messages) walk.peer.say(message);
        bool ended = false;
        try {
            walk.poll();
        } catch (const ProtocolError& error) {
            ended = error.reason() == DisconnectReason::protocol_error;
        }
        CHECK(ended == row.ends);
    }
}

TEST_CASE("a peer's maximum packet of 0 is refused, one of 1 is kept to (attack 14)") {
    const auto confirmation = [](std::uint32_t maximum_packet) {
        return msg::ChannelOpenConfirmation{ChannelId{0}, ChannelId{0}, 1000, maximum_packet};
    };
    ClientWalk zero{{}, StrictKex::yes};
    zero.go_to(C::opening);
    zero.peer.say(confirmation(0));
    CHECK_THROWS_AS(zero.poll(), ProtocolError);

    ClientWalk one{{}, StrictKex::yes};
    one.go_to(C::opening);
    one.peer.say(confirmation(1));
    one.poll();
    one.user.next = {.bytes = 3};
    one.engine.set_readable(ChannelId{0});
    REQUIRE(one.engine.send_turn(1 << 20, start_time));
    for (const std::size_t size : one.user.slot_sizes) CHECK(size == 1);
    CHECK(one.peer.listen_for_numbers() == Numbers{94, 94, 94});
}

TEST_CASE("a client's window of 0 and maximum packet of 0 or 1 (attack 14)") {
    const auto open_at = [](ServerWalk& walk, std::uint32_t window, std::uint32_t maximum_packet) {
        walk.go_to(S::authenticated);
        ByteVector open =
            encoded(msg::ChannelOpen{"direct-tcpip", ChannelId{7}, window, maximum_packet});
        encode_fields(msg::TcpipChannel{"target", 110, "127.0.0.1", 40000}, open);
        walk.peer.say(open);
        walk.poll();
        walk.engine.accept(ChannelId{0}, walk.user);
        walk.engine.set_readable(ChannelId{0});
        walk.peer.listen();
    };
    ServerWalk none{{}, StrictKex::yes};
    CHECK_THROWS_AS(open_at(none, 1000, 0), ProtocolError);

    ServerWalk one{{}, StrictKex::yes};
    open_at(one, 1000, 1);
    one.user.next = {.bytes = 3};
    REQUIRE(one.engine.send_turn(1 << 20, start_time));
    for (const std::size_t size : one.user.slot_sizes) CHECK(size == 1);
    CHECK(one.peer.listen_for_numbers() == Numbers{94, 94, 94});

    // Nothing may be sent, for ever: no data waits in the engine, and the rest goes on.
    ServerWalk shut{{}, StrictKex::yes};
    open_at(shut, 0, 1000);
    shut.peer.say(msg::ChannelWindowAdjust{ChannelId{0}, 0});
    shut.peer.say(msg::GlobalRequest{"keepalive@openssh.com", true});
    shut.poll();
    CHECK_FALSE(shut.engine.send_turn(1 << 20, start_time));
    CHECK(shut.peer.listen_for_numbers() == Numbers{msg::RequestFailure::number});
    shut.peer.say(msg::ChannelClose{ChannelId{0}});
    shut.poll();
    CHECK(shut.peer.listen_for_numbers() == Numbers{msg::ChannelClose::number});
    CHECK(shut.engine.channels() == 0);
}

TEST_CASE("a client opens nothing for a server (attack 16)") {
    for (const std::string_view type :
         {"direct-tcpip", "forwarded-tcpip", "session", "auth-agent@openssh.com"}) {
        CAPTURE(type);
        ClientWalk walk{{}, StrictKex::yes};
        walk.go_to(C::authenticated);
        ByteVector open = encoded(msg::ChannelOpen{type, ChannelId{0}, 1000, 1000});
        encode_fields(msg::TcpipChannel{"target", 110, "127.0.0.1", 40000}, open);
        walk.peer.say(open);
        const auto events = walk.poll();
        REQUIRE(events.size() == 1);
        CHECK(std::holds_alternative<RequestDenied>(events.front()));
        CHECK(walk.peer.listen_for_numbers() == Numbers{msg::ChannelOpenFailure::number});
        CHECK(walk.engine.channels() == 0);
    }
}

TEST_CASE("another host key in a later exchange ends the connection") {
    ClientWalk walk{{}, StrictKex::yes};
    walk.go_to(C::rekey_before_reply);
    walk.peer.host_key = stranger_key();
    walk.peer.say_ecdh();
    try {
        walk.poll();
        FAIL("it goes on");
    } catch (const ProtocolError& error) {
        CHECK(error.reason() == DisconnectReason::host_key_not_verifiable);
    }
}
