// What a channel's user is told, when, and what it may do meanwhile.
#include <doctest/doctest.h>

#include "tests/unit/common/connection/lone_connection.hpp"
#include "tests/unit/common/wire/refusal.hpp"

using namespace culvert;
using namespace std::chrono_literals;
using test::LoneConnection;
using test::RecordingUser;
using Payloads = std::vector<ByteVector>;
using Then = ChannelRead::Then;

namespace {

constexpr ChannelId remote{70};
constexpr TimePoint start{1h};

const ByteVector close_sent = encoded(msg::ChannelClose{remote});
const ByteVector eof_sent = encoded(msg::ChannelEof{remote});
const ByteVector reset_sent = encoded(msg::ChannelRequest{remote, "reset@culvert.internal", false});

/// A server's open channel. What comes is kept until it is handed over.
struct Opened : LoneConnection {
    ChannelId id = accept(remote);
    RecordingUser& user = users.at(id);
    std::vector<ByteVector> packets;  ///< what is in the inbox lies here

    Opened() : LoneConnection{test::of_server()} {
        connection.set_peer_knows_reset(true);
        packets.reserve(100);
    }

    template <Message M>
    void gets(const M& message) {
        packets.push_back(encoded(message));
        CHECK_FALSE(connection.on_packet(packets.back(), start));
    }
    void gets(std::string_view text) { gets(msg::ChannelData{id, bytes_of(text)}); }

    /// The data that its user was told of, a piece for each time, and nothing else.
    std::vector<std::string> data() {
        std::vector<std::string> pieces;
        for (const test::Told& each : take_told()) {
            const auto* const received = std::get_if<test::ChannelDataReceived>(&each);
            pieces.emplace_back(received != nullptr ? text_of(received->data) : "something else");
        }
        return pieces;
    }
    std::uint32_t window() const { return connection.find(id)->receive_window(); }
};

using Texts = std::vector<std::string>;

}  // namespace

TEST_CASE("data gather until they are handed over, and reach their user with one call") {
    Opened in;
    in.gets("a");
    in.gets("");
    in.gets("bc");
    CHECK(in.data().empty());
    CHECK(in.connection.waits_for(in.id));
    in.connection.hand_over(start);
    CHECK(in.data() == Texts{"abc"});
    CHECK_FALSE(in.connection.waits_for(in.id));
    in.connection.hand_over(start);
    CHECK(in.data().empty());
}

TEST_CASE("data are handed over ahead of what comes after them") {
    Opened in;
    const ChannelId other = in.accept(ChannelId{71});
    in.gets("mine");
    in.gets(msg::ChannelData{other, bytes_of("another's")});
    CHECK(in.data() == Texts{"mine"});
    CHECK(in.connection.waits_for(other));
    in.connection.hand_over(start);
    in.take_told();

    in.gets("last");
    in.gets(msg::ChannelEof{in.id});
    const auto eof = in.take_told();
    REQUIRE(eof.size() == 2);
    CHECK(text_of(std::get<test::ChannelDataReceived>(eof[0]).data) == "last");
    CHECK(std::holds_alternative<test::ChannelEofReceived>(eof[1]));

    in.gets(msg::ChannelData{other, bytes_of("another's")});
    in.gets(msg::ChannelClose{in.id});
    const auto closed = in.take_told();
    REQUIRE(closed.size() == 2);
    CHECK(std::get<test::ChannelDataReceived>(closed[0]).channel == other);
    CHECK(std::get<test::ChannelClosed>(closed[1]).channel == in.id);
}

TEST_CASE("as much as an inbox holds is handed over when more comes") {
    Opened in;
    std::size_t gathered = 0;
    Texts told;
    for (; told.empty(); told = in.data(), ++gathered) in.gets("x");
    CHECK(told == Texts{std::string(gathered - 1, 'x')});
}

TEST_CASE("what the user passes on at once is granted again, what it keeps when it is delivered") {
    Opened in;
    in.user.at_once = 10'000;
    const std::string bulk(15'000, 'b');
    for (int i = 0; i < 2; ++i) in.gets(bulk);
    in.connection.hand_over(start);
    CHECK(in.sent.take().empty());
    in.connection.delivered(in.id, 20'000, start);
    CHECK(in.sent.take() == Payloads{encoded(msg::ChannelWindowAdjust{remote, 30'000})});
    CHECK(in.window() == 100'000);

    in.user.at_once = 30'000;
    for (int i = 0; i < 2; ++i) in.gets(bulk);
    in.connection.hand_over(start);
    CHECK(in.sent.take() == Payloads{encoded(msg::ChannelWindowAdjust{remote, 30'000})});
}

TEST_CASE("offered data may stay where they are, until the wait for their user is over") {
    Opened in;
    in.user.at_once = 2;
    in.gets("abc");
    in.gets("def");
    CHECK_FALSE(in.connection.offer(start));
    CHECK_FALSE(in.connection.offer(start));
    CHECK(in.data() == Texts{"ab", "cd"});
    CHECK(in.connection.waits_for(in.id));
    in.connection.on_waited(1h);
    CHECK(in.connection.offer(start));
    CHECK(in.data() == Texts{"ef"});
    CHECK(in.connection.inbox().empty());

    // What it takes adds tokens again.
    in.user.at_once = 60'000;
    for (int i = 0; i < 2; ++i) in.gets(std::string(30'000, 'x'));
    CHECK(in.connection.offer(start));
    CHECK(in.data() == Texts{std::string(60'000, 'x')});
    in.user.at_once = 2;
    in.gets("ghi");
    CHECK_FALSE(in.connection.offer(start));
    CHECK(in.connection.offer(start));
    CHECK(in.data() == Texts{"gh", "i"});
}

TEST_CASE("what was left for a user that then goes is dropped") {
    Opened in;
    in.gets("abc");
    CHECK_FALSE(in.connection.offer(start));
    in.take_told();
    CHECK_FALSE(in.connection.inbox_is_orphaned());
    in.connection.close(in.id);
    CHECK(in.connection.inbox_is_orphaned());
    CHECK(in.connection.offer(start));
    CHECK_FALSE(in.connection.inbox_is_orphaned());
    CHECK(in.take_told().empty());
}

TEST_CASE("a user may reset its channel within write: what it left is dropped, and none granted") {
    for (const bool offered : {false, true}) {
        CAPTURE(offered);
        Opened in;
        in.user.at_once = 30'000;
        in.user.act = [&in] { in.connection.reset(in.id); };
        for (int i = 0; i < 2; ++i) in.gets(std::string(30'000, 'x'));
        if (offered) {
            CHECK(in.connection.offer(start));
        } else {
            in.connection.hand_over(start);
        }
        CHECK(in.data().size() == 1);
        CHECK(in.connection.inbox().empty());
        CHECK(in.sent.take() == Payloads{reset_sent, close_sent});

        in.gets("more");
        in.connection.hand_over(start);
        in.gets(msg::ChannelEof{in.id});
        in.gets(msg::ChannelClose{in.id});
        CHECK(in.take_told().empty());
        CHECK(in.sent.take().empty());
        CHECK(in.connection.channels() == 0);
    }
}

TEST_CASE("a user that goes within write is told of no EOF or CLOSE that came behind the data") {
    for (const bool closes : {false, true}) {
        CAPTURE(closes);
        Opened in;
        const ChannelId other = in.accept(ChannelId{71});
        in.user.act = [&in] { in.connection.close(in.id); };
        in.gets("data");
        if (closes) {
            // Another channel's come between, else they'd go with the CLOSE.
            in.gets(msg::ChannelData{other, bytes_of("x")});
            in.gets(msg::ChannelClose{in.id});
        } else {
            in.gets(msg::ChannelEof{in.id});
        }
        const auto told = in.take_told();
        CHECK(std::get<test::ChannelDataReceived>(told.at(0)).channel == in.id);
        for (std::size_t i = 1; i < told.size(); ++i) {
            CHECK(std::holds_alternative<test::ChannelDataReceived>(told[i]));
        }
    }
}

TEST_CASE("the last data reach their user although CLOSE came with them, and make no more window") {
    Opened in;
    in.user.at_once = 60'000;
    in.user.act = [&in] {
        in.connection.delivered(in.id, 1, start);
        in.connection.set_readable(in.id);
        in.connection.reset(in.id);
    };
    for (int i = 0; i < 2; ++i) in.gets(std::string(30'000, 'x'));
    in.gets(msg::ChannelClose{in.id});
    const auto told = in.take_told();
    REQUIRE(told.size() == 2);
    CHECK(std::get<test::ChannelDataReceived>(told[0]).data.size() == 60'000);
    CHECK(std::get<test::ChannelClosed>(told[1]).end == ChannelEnd::clean);
    CHECK(in.sent.take() == Payloads{close_sent});
    CHECK(in.connection.channels() == 0);
    CHECK(in.connection.inbox().empty());
    CHECK_FALSE(in.connection.next_turn());
}

TEST_CASE("a user may close its channel within on_opened") {
    LoneConnection client{test::of_client()};
    const ChannelId id = client.ask();
    client.users.at(id).act = [&] { client.connection.close(id); };
    client.connection.set_readable(id);
    const auto opened = client.hears(msg::ChannelOpenConfirmation{id, remote, 1000, 1000});
    CHECK(std::holds_alternative<test::ChannelOpened>(opened.value()));
    CHECK(client.sent.take() == Payloads{close_sent});
    CHECK_FALSE(client.connection.next_turn());
    CHECK_FALSE(client.hears(msg::ChannelData{id, bytes_of("late")}));
    CHECK_FALSE(client.hears(msg::ChannelClose{id}));
    CHECK(client.connection.channels() == 0);
}

TEST_CASE("a user may open the next channel when its own is refused or closed") {
    LoneConnection client{test::of_client()};
    ChannelId next;
    const auto open_next = [&] {
        next = client.connection.next_channel();
        CHECK(client.connection.open(test::target, client.user_of(next), client.now) == next);
    };
    const ChannelId refused = client.ask();
    client.users.at(refused).act = open_next;
    CHECK(client.hears(msg::ChannelOpenFailure{refused, 1, "", ""}));
    CHECK(next != refused);

    CHECK(client.hears(msg::ChannelOpenConfirmation{next, remote, 1, 1}));
    const ChannelId closed = next;
    client.users.at(closed).act = open_next;
    CHECK(client.hears(msg::ChannelClose{closed}));
    CHECK(next != closed);
    CHECK(client.connection.channels() == 1);
    client.users.at(next).act = open_next;
    client.now = TimePoint{15s};
    CHECK(client.passes(client.now).size() == 1);
    CHECK(client.connection.channels() == 2);
}

TEST_CASE("all users are told once that the connection is lost, but those that are off") {
    LoneConnection client{test::of_client()};
    const ChannelId open = client.open(ChannelId{1});
    const ChannelId closed = client.open(ChannelId{2});
    const ChannelId abandoned = client.ask();
    const ChannelId asked = client.ask();
    client.connection.close(closed);
    client.connection.close(abandoned);
    client.sent.take();
    // It is off its channel already.
    client.users.at(open).act = [&] { client.connection.reset(open); };
    client.users.at(asked).act = [&] { client.connection.close(asked); };
    client.connection.lose();
    const auto told = client.take_told();
    REQUIRE(told.size() == 2);
    CHECK(std::get<test::ChannelLost>(told[0]).channel == open);
    CHECK(std::get<test::ChannelLost>(told[1]).channel == asked);
    client.connection.lose();
    CHECK(client.take_told().empty());
    CHECK(client.sent.take().empty());
}

TEST_CASE("a user that takes another one off its channel while all are lost spares it the news") {
    LoneConnection client{test::of_client()};
    const ChannelId first = client.open(ChannelId{1});
    const ChannelId second = client.open(ChannelId{2});
    client.users.at(first).act = [&] { client.connection.reset(second); };
    client.connection.lose();
    CHECK(client.take_told().size() == 1);
}

TEST_CASE("what is in the inbox when the connection is lost is dropped") {
    Opened in;
    in.gets("data");
    in.connection.lose();
    CHECK(std::get<test::ChannelLost>(in.take_told().at(0)).channel == in.id);
    CHECK(in.connection.inbox_is_orphaned());
    in.connection.hand_over(start);
    CHECK(in.take_told().empty());
    CHECK(in.connection.inbox().empty());
}

TEST_CASE("calls for a channel without a user are ignored") {
    Opened in;
    const auto call_all = [&](ChannelId id) {
        in.connection.set_readable(id);
        in.connection.delivered(id, 50'000, start);
        in.connection.close(id);
        in.connection.reset(id);
    };
    in.gets(std::string(30'000, 'x'));
    in.connection.hand_over(start);
    in.take_told();
    in.connection.close(in.id);
    CHECK(in.sent.take() == Payloads{close_sent});
    call_all(in.id);  // closing
    in.gets(msg::ChannelClose{in.id});
    call_all(in.id);          // closed
    call_all(ChannelId{77});  // never there
    const auto requested = in.hears(test::tcpip_open("direct-tcpip", ChannelId{1}, "h", 1));
    call_all(std::get<ChannelRequested>(requested.value()).channel);
    CHECK(in.sent.take().empty());
    CHECK(in.take_told().empty());
    CHECK_FALSE(in.connection.next_turn());
    CHECK(in.connection.channels() == 1);
}

TEST_CASE("how a user's reading ends its channel") {
    struct Row {
        std::string_view name;
        Then then;
        bool knows_reset;
        Payloads sent;
        bool stays;
    };
    for (const Row& row : {
             Row{"there is more", Then::more, true, {}, true},
             Row{"nothing more for now", Then::would_block, true, {}, true},
             Row{"the end", Then::eof, true, {eof_sent}, true},
             Row{"the end of both directions", Then::closed, true, {eof_sent, close_sent}, false},
             Row{"a failure", Then::failed, true, {reset_sent, close_sent}, false},
             Row{"a failure, to others than culverts", Then::failed, false, {close_sent}, false},
         }) {
        for (const std::size_t bytes : {0, 100, 50'000}) {  // nothing, some, all of the window
            CAPTURE(row.name);
            CAPTURE(bytes);
            Opened in;
            in.connection.set_peer_knows_reset(row.knows_reset);
            in.take_turn(in.id, {bytes, row.then});
            CHECK(in.sent.take() == row.sent);
            CHECK(in.connection.next_turn().has_value() ==
                  (row.then == Then::more && bytes < 50'000));
            CHECK(in.take_told().empty());
            // Its user hears more of it, or doesn't.
            in.gets("x");
            in.connection.hand_over(start);
            CHECK(in.data().size() == (row.stays ? 1 : 0));
            in.gets(msg::ChannelClose{in.id});
            CHECK(in.take_told().size() == (row.stays ? 1 : 0));
            CHECK(in.connection.channels() == 0);
        }
    }
}
