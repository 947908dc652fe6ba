#include "common/base/ip_address.hpp"

#include <string>

#include <doctest/doctest.h>

using namespace culvert;

namespace {

IpAddress address(std::string_view text) { return IpAddress::parse(text).value(); }

}  // namespace

TEST_CASE("addresses are read from their text (RFC 4291 2.2)") {
    struct Row {
        std::string text;
        std::string shown;  ///< empty: not an address
    };
    for (const Row& row : {
             Row{"127.0.0.1", "127.0.0.1"},
             Row{"::1", "::1"},
             Row{"2001:DB8::0:1", "2001:db8::1"},
             Row{"::ffff:127.0.0.1", "127.0.0.1"},
             Row{"::ffff:7f00:1", "127.0.0.1"},
             Row{"0:0:0:0:0:ffff:10.1.2.3", "10.1.2.3"},
             Row{"::127.0.0.1", "::127.0.0.1"},
             Row{"", ""},
             Row{"127.1", ""},
             Row{"0", ""},
             Row{"2130706433", ""},
             Row{"0x7f.0.0.1", ""},
             Row{"127.0.0.1 ", ""},
             Row{"256.0.0.1", ""},
             Row{"[::1]", ""},
             Row{"fe80::1%eth0", ""},
             Row{"localhost", ""},
         }) {
        CAPTURE(row.text);
        const auto parsed = IpAddress::parse(row.text);
        CHECK(parsed.has_value() == !row.shown.empty());
        if (parsed) CHECK(to_string(*parsed) == row.shown);
    }
    CHECK(!IpAddress::parse(std::string_view{"127.0.0.1\0.example.com", 22}));
}

TEST_CASE("an IPv4-mapped address is the IPv4 address") {
    CHECK(address("::ffff:10.0.0.1") == address("10.0.0.1"));
    CHECK(address("::ffff:10.0.0.1").is_v4());
    CHECK(address("::ffff:10.0.0.1").bytes().size() == 4);
    CHECK(!address("2001:db8::1").is_v4());
    CHECK(address("2001:db8::1").bytes().size() == 16);
}

TEST_CASE("what kind an address is of") {
    struct Row {
        std::string text;
        std::string kind;
    };
    for (const Row& row : {
             Row{"127.0.0.1", "loopback"},
             Row{"127.255.255.254", "loopback"},
             Row{"::1", "loopback"},
             Row{"::ffff:127.0.0.1", "loopback"},
             Row{"128.0.0.1", "other"},
             Row{"169.254.169.254", "link-local"},
             Row{"169.253.0.1", "other"},
             Row{"fe80::1", "link-local"},
             Row{"febf::1", "link-local"},
             Row{"fec0::1", "other"},
             Row{"0.0.0.0", "unspecified"},
             Row{"0.1.2.3", "unspecified"},
             Row{"::", "unspecified"},
             Row{"::127.0.0.1", "unspecified"},
             Row{"224.0.0.1", "multicast"},
             Row{"239.255.255.255", "multicast"},
             Row{"255.255.255.255", "multicast"},
             Row{"240.0.0.1", "other"},
             Row{"ff02::1", "multicast"},
             Row{"10.0.0.1", "other"},
             Row{"2001:db8::1", "other"},
         }) {
        CAPTURE(row.text);
        const std::string kind = row.kind;
        const IpAddress one = address(row.text);
        CHECK(one.is_loopback() == (kind == "loopback"));
        CHECK(one.is_link_local() == (kind == "link-local"));
        CHECK(one.is_unspecified() == (kind == "unspecified"));
        CHECK(one.is_multicast() == (kind == "multicast"));
    }
}

TEST_CASE("a network holds the addresses that begin as it does") {
    struct Row {
        std::string network;
        std::string address;
        bool contains;
    };
    for (const Row& row : {
             Row{"10.0.0.0/8", "10.255.255.255", true},
             Row{"10.0.0.0/8", "11.0.0.0", false},
             Row{"10.0.0.0/8", "::ffff:10.1.1.1", true},
             Row{"::ffff:10.0.0.0/104", "10.1.1.1", true},
             Row{"192.168.4.0/22", "192.168.7.255", true},
             Row{"192.168.4.0/22", "192.168.8.0", false},
             Row{"10.0.0.1", "10.0.0.1", true},
             Row{"10.0.0.1", "10.0.0.2", false},
             Row{"10.0.0.1/32", "10.0.0.1", true},
             Row{"0.0.0.0/0", "203.0.113.9", true},
             Row{"0.0.0.0/0", "2001:db8::1", false},
             Row{"::/0", "2001:db8::1", true},
             Row{"::/0", "10.0.0.1", false},
             Row{"2001:db8::/33", "2001:db8:7fff::1", true},
             Row{"2001:db8::/33", "2001:db8:8000::1", false},
         }) {
        CAPTURE(row.network);
        CAPTURE(row.address);
        CHECK(IpNetwork::parse(row.network).value().contains(address(row.address)) == row.contains);
    }
}

TEST_CASE("what is no network") {
    for (const std::string text : {"", "10.0.0.0/", "10.0.0.0/33", "10.0.0.1/8", "10.0.0.0/-1",
                                   "10.0.0.0/8 ", "10.0.0.0/8/8", "::/129", "2001:db8::1/32",
                                   "::ffff:10.0.0.0/95", "example.com/8", "10/8"}) {
        CAPTURE(text);
        CHECK(!IpNetwork::parse(text));
    }
}
