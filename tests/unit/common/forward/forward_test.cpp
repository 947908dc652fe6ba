#include "common/forward/forward.hpp"

#include <doctest/doctest.h>

using namespace culvert;

TEST_CASE("a local forward listens on localhost where nothing was written") {
    CHECK(listens_at(LocalForward{"", 8080, {"h", 1}}) == Endpoint{"localhost", 8080});
    CHECK(listens_at(LocalForward{"*", 1, {"h", 1}}) == Endpoint{"*", 1});
    CHECK(listens_at(LocalForward{"::1", 0, {"h", 1}}) == Endpoint{"::1", 0});
}

TEST_CASE("what connects to a local forward is carried to its target") {
    const LocalForward forward{"", 8080, {"pop3.example.com", 110}};
    const asio::ip::tcp::endpoint program{asio::ip::make_address("127.0.0.1"), 4711};
    CHECK(channel_for(forward, program) ==
          ChannelType{DirectTcpip{{"pop3.example.com", 110}, {"127.0.0.1", 4711}}});
    CHECK(leads_to(forward) == "pop3.example.com:110");
    CHECK(leads_to(LocalForward{"", 1, {"::1", 2}}) == "[::1]:2");
}

TEST_CASE("the ends of a channel are shown escaped") {
    const ChannelType direct = DirectTcpip{{"h\n", 1}, {"::1", 2}};
    CHECK(target_of(direct) == "h\\x0a:1");
    CHECK(originator_of(direct) == "[::1]:2");
    const ChannelType forwarded = ForwardedTcpip{{"localhost", 80}, {"\x1b[2J", 3}};
    CHECK(target_of(forwarded) == "localhost:80");
    CHECK(originator_of(forwarded).find('\x1b') == std::string::npos);
    const ChannelType local = DirectStreamlocal{"/run/a\tb"};
    CHECK(target_of(local) == "/run/a\\x09b");
    CHECK(originator_of(local) == "a Unix socket");
}
