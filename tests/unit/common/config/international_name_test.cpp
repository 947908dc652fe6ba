#include "common/config/international_name.hpp"

#include <string>

#include <doctest/doctest.h>

#include "common/base/error.hpp"

using namespace culvert;

TEST_CASE("names beyond ASCII become what DNS has (UTS 46, IDNA 2008)") {
    struct Row {
        std::string written;
        std::string ascii;
    };
    for (const Row& row : {
             Row{"b\u00fccher.example", "xn--bcher-kva.example"},
             Row{"B\u00dcCHER.Example", "xn--bcher-kva.example"},
             Row{"bu\u0308cher.example", "xn--bcher-kva.example"},  // u and its dots apart
             Row{"stra\u00dfe.de", "xn--strae-oqa.de"},
             Row{"\u4f8b\u3048.\u30c6\u30b9\u30c8", "xn--r8jz45g.xn--zckzah"},
             Row{"b\u00fccher\u3002example", "xn--bcher-kva.example"},  // an ideographic full stop
             Row{"\uff11\uff12\uff17.0.0.1", "127.0.0.1"},              // full-width digits
             Row{"gw.example.com", "gw.example.com"},
             Row{"GW_1", "GW_1"},
             Row{"::1", "::1"},
         }) {
        CAPTURE(row.written);
        CHECK(ascii_host(row.written) == row.ascii);
    }
}

TEST_CASE("a name that DNS can't have says what to write") {
    const std::string long_label(64, 'x');
    for (const std::string& host :
         {std::string{"b\xfc"
                      "cher.example"},  // Latin-1
          std::string{"a\u2028b"}, "gw\uff1a" + std::string{"22"}, std::string{"\u00fc\uff0fx"},
          "\u00fc." + long_label, std::string{"\u200b"}}) {
        CAPTURE(host);
        CHECK_THROWS_AS(ascii_host(host), Error);
        try {
            (void)ascii_host(host);
        } catch (const Error& error) {
            CHECK(error.kind() == ErrorKind::usage);
            CHECK(error.hint().find("xn--") != std::string_view::npos);
        }
    }
}
