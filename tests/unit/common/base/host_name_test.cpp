#include "common/base/host_name.hpp"

#include <algorithm>
#include <string>
#include <vector>

#include <doctest/doctest.h>

using namespace culvert;

TEST_CASE("addresses have one spelling, names one case (as ssh -G shows them)") {
    struct Row {
        std::string written;
        std::string canonical;
    };
    for (const Row& row : {
             Row{"127.1", "127.0.0.1"},
             Row{"0177.0.0.1", "127.0.0.1"},
             Row{"0x7f000001", "127.0.0.1"},
             Row{"0X7F.1", "127.0.0.1"},
             Row{"2130706433", "127.0.0.1"},
             Row{"017700000001", "127.0.0.1"},
             Row{"127.00000.1", "127.0.0.1"},
             Row{"0300.0250.1", "192.168.0.1"},
             Row{"0", "0.0.0.0"},
             Row{"0:0:0:0:0:0:0:1", "::1"},
             Row{"::0001", "::1"},
             Row{"2001:DB8:0:0::1", "2001:db8::1"},
             Row{"::ffff:7f00:1", "::ffff:127.0.0.1"},
             Row{"::1%1", "::1%1"},
             Row{"FE80:0::77%1", "fe80::77%lo"},
             Row{"fe80::77%lo", "fe80::77%lo"},
             Row{"FE80::77%Nope0", "fe80::77%Nope0"},
             Row{"GW.Example.COM", "gw.example.com"},
             Row{"gw.", "gw."},
             Row{"127.0.0.1.", "127.0.0.1."},
             Row{"256.0.0.1", "256.0.0.1"},
             Row{"", ""},
         }) {
        CAPTURE(row.written);
        CHECK(canonical_host(row.written) == row.canonical);
    }
}

TEST_CASE("names under which the same server may be known") {
    const auto knows = [](std::string_view host, std::string_view other) {
        const auto all = equivalent_hosts(host);
        return std::ranges::find(all, other) != all.end();
    };
    CHECK(knows("gw", "gw."));
    CHECK(knows("gw.", "gw"));
    CHECK(knows("127.0.0.1.", "127.0.0.1"));
    CHECK(knows("::1%1", "::1"));
    CHECK(knows("::1%lo", "::1"));
    CHECK(knows("::ffff:127.0.0.1", "127.0.0.1"));
    CHECK(knows("127.0.0.1", "::ffff:127.0.0.1"));
    CHECK(knows("0.0.0.0", "127.0.0.1"));
    CHECK(knows("::", "::1"));
    // On another interface it is another host.
    CHECK(equivalent_hosts("fe80::77%lo").empty());
    CHECK(!knows("gw", "gw"));
    CHECK(!knows("127.0.0.1", "0.0.0.0"));
}

TEST_CASE("a link-local address needs an interface that is there") {
    for (const std::string host : {"fe80::77", "fe80::77%", "FEBF::1", "fe80::77%0"}) {
        CAPTURE(host);
        const std::string why = zone_missing(host).value_or("");
        CHECK(why.starts_with("a link-local address needs its interface: fe"));
        CHECK(why.find('%') != std::string::npos);
    }
    for (const std::string host :
         {"fe80::77%lo", "fe80::77%1", "fe80::77%nope0", "::1", "169.254.0.1", "gw", "fec0::1"}) {
        CAPTURE(host);
        CHECK(!zone_missing(host));
    }
    CHECK(zone_unknown("fe80::77%nope0") == "no interface nope0");
    CHECK(zone_unknown("fe80::77%99999999") == "no interface 99999999");
    CHECK(zone_unknown("::1%nope0") == "no interface nope0");
    for (const std::string host : {"fe80::77%lo", "fe80::77%1", "fe80::77", "::1", "gw%nope0"}) {
        CAPTURE(host);
        CHECK(!zone_unknown(host));
    }
}
