// The host key's private half may be elsewhere: a server asks for its signature, and waits.
#include <doctest/doctest.h>

#include "tests/unit/common/engine/walks.hpp"

using namespace culvert;
using namespace culvert::test;
using namespace std::chrono_literals;

namespace {

using S = ServerWalk::Stage;
using Numbers = std::vector<int>;

constexpr std::array both_exchanges{S::before_init, S::rekey_before_init};

/// A server's connection that waits for the signature of its first key exchange, or of a rekey.
struct Unsigned : ServerWalk {
    explicit Unsigned(S at) : ServerWalk{{}, StrictKex::yes} {
        go_to(at);
        key_of_host = nullptr;
        peer.say_ecdh();
        poll();
        REQUIRE(events.size() == 1);
        wanted = std::get<HostSignatureWanted>(events[0]);
    }
    void sign(TimePoint now = start_time) {
        engine.provide_host_signature(host_key()->sign(wanted.data), now);
    }

    HostSignatureWanted wanted;
};

}  // namespace

TEST_CASE("a server asks for its host key's signature of each exchange hash (RFC 4253 8)") {
    for (const S at : both_exchanges) {
        CAPTURE((at == S::before_init));
        Unsigned walk{at};
        CHECK(walk.wanted.algorithm == "ssh-ed25519");
        CHECK(walk.wanted.data.size() == 32);
        CHECK(walk.peer.listen_for_numbers().empty());

        walk.sign();
        // Reply and NEWKEYS, and EXT_INFO directly after the first of those. The peer has verified
        // the signature.
        CHECK(walk.peer.listen_for_numbers() ==
              (at == S::before_init ? Numbers{31, 21, 7} : Numbers{31, 21}));
        const Bytes session_id = walk.engine.transport().session_id();
        CHECK(std::ranges::equal(walk.wanted.data, session_id) == (at == S::before_init));

        walk.peer.say_new_keys();
        walk.poll();
        REQUIRE(walk.events.size() == (at == S::before_init ? 0 : 1));
        if (at != S::before_init) CHECK(std::holds_alternative<Rekeyed>(walk.events[0]));
    }
}

TEST_CASE("what comes while the signature is awaited is read after it") {
    Unsigned first{S::before_init};
    first.peer.say(msg::Ignore{});  // the exchange is strict
    CHECK_NOTHROW(first.poll());
    CHECK(first.events.empty());
    first.sign();
    CHECK_THROWS_AS(first.poll(), ProtocolError);

    Unsigned rekey{S::rekey_before_init};
    rekey.peer.say(msg::ChannelData{ChannelId{0}, bytes_of("under the old keys")});
    CHECK(rekey.poll().empty());
    rekey.sign();
    REQUIRE(rekey.poll().size() == 1);
    CHECK(text_of(std::get<ChannelDataReceived>(rekey.events[0]).data) == "under the old keys");

    Unsigned left{S::rekey_before_init};
    left.peer.say(msg::Disconnect{11, "bye", ""});
    CHECK(left.poll().empty());
    left.sign();
    REQUIRE(left.poll().size() == 1);
    CHECK(std::get<PeerDisconnected>(left.events[0]).description == "bye");
}

TEST_CASE("what is sent while the signature is awaited leaves after NEWKEYS, in its order") {
    Unsigned walk{S::rekey_before_init};
    walk.engine.set_readable(ChannelId{0});
    CHECK_FALSE(walk.engine.send_turn(1 << 20, start_time));
    CHECK(walk.user.slot_sizes.empty());
    walk.engine.ask(TcpipForward{{"localhost", 0}}, start_time);
    walk.engine.close(ChannelId{0});
    CHECK(walk.peer.listen_for_numbers().empty());
    walk.sign();
    CHECK(walk.peer.listen_for_numbers() ==
          Numbers{31, 21, msg::GlobalRequest::number, msg::ChannelClose::number});
}

TEST_CASE("the deadlines run while the signature is awaited, and say what is missing") {
    Unsigned first{S::before_init};
    CHECK(first.engine.next_deadline() == start_time + 30s);
    CHECK_NOTHROW(first.engine.on_time(start_time + 30s - 1ns));
    CHECK_THROWS_WITH_AS(first.engine.on_time(start_time + 30s),
                         "no signature of the host key within 30 s", ProtocolError);

    // A peer that isn't read isn't taken for a silent one.
    Unsigned rekey{S::rekey_before_init};
    CHECK(rekey.engine.next_deadline() == start_time + 120s);
    CHECK_NOTHROW(rekey.engine.on_time(start_time + 120s - 1ns));
    CHECK(rekey.peer.listen().empty());
    try {
        rekey.engine.on_time(start_time + 120s);
        FAIL("it goes on");
    } catch (const ProtocolError&) {
        FAIL("it is not the peer's fault");
    } catch (const Error& error) {
        CHECK(error.what() == std::string{"the host key's signature for a key exchange didn't come "
                                          "within 120 s"});
    }

    Unsigned late{S::rekey_before_init};
    late.sign(start_time + 100s);
    CHECK(late.engine.next_deadline() <= start_time + 100s);  // it is asked for life, not given up
    CHECK_NOTHROW(late.engine.on_time(start_time + 100s));
}

TEST_CASE("the time that a signature takes is none of the round trip") {
    Unsigned walk{S::before_init};
    walk.sign(start_time + 5s);
    walk.peer.say_new_keys();
    CHECK_FALSE(walk.engine.poll(start_time + 5s + 20ms));
    CHECK(walk.engine.transport().exchange_round_trip() == 20ms);
}

TEST_CASE("a connection may be ended while the signature is awaited") {
    for (const S at : both_exchanges) {
        CAPTURE((at == S::before_init));
        Unsigned walk{at};
        walk.engine.end(DisconnectReason::by_application, "no key");
        CHECK(walk.poll().empty());
        CHECK_FALSE(walk.engine.next_deadline());
        CHECK(walk.peer.listen_for_numbers() == Numbers{msg::Disconnect::number});
    }
}
