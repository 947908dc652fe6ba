#include "client/tunnel_status.hpp"

#include <doctest/doctest.h>

using namespace culvert;

namespace {

TunnelStatus made(std::string name, std::size_t up, std::string failure = {}) {
    TunnelStatus status;
    status.name = std::move(name);
    status.listeners_tried = true;
    status.up = up;
    status.failure = std::move(failure);
    return status;
}

}  // namespace

TEST_CASE("a status says what a tunnel has and what it lacks") {
    CHECK(describe(made("mail", 0)) == "connecting");
    CHECK(describe(made("mail", 1)) == "up");
    CHECK(describe(made("mail", 0, "gw:22: connection refused")) ==
          "down: gw:22: connection refused");
    // What once was wrong is over.
    CHECK(describe(made("mail", 1, "gw:22: connection refused")) == "up");

    TunnelStatus several = made("mail", 3);
    several.connections = 4;
    CHECK(describe(several) == "up, with 3 of 4 connections");

    TunnelStatus taken = made("mail", 1);
    taken.not_bound = {"localhost:8080", "localhost:8081"};
    CHECK(describe(taken) == "up, but not listening on localhost:8080, localhost:8081");
    taken.up = 0;
    CHECK(describe(taken) == "connecting, and not listening on localhost:8080, localhost:8081");

    taken.ended = "gw:22: host key changed\nand more";
    CHECK(describe(taken) == "ended: gw:22: host key changed");
}

TEST_CASE("the line for all of them begins with what is missing") {
    const std::vector<TunnelStatus> all{made("mail", 1), made("news", 0, "gw:22: timed out"),
                                        made("web", 1)};
    CHECK(describe(all) == "2 of 3 tunnels up; news: down: gw:22: timed out; mail: up; web: up");
    CHECK(describe(std::span{all}.first(1)) == "mail: up");
}

TEST_CASE("the line is one that systemd takes, whatever is in it") {
    std::vector<TunnelStatus> many;
    for (int i = 0; i < 1'000; ++i) {
        many.push_back(made("tunnel" + std::to_string(i), 0, std::string(5'000, 'x')));
        for (int port = 0; port < 1'000; ++port) many.back().not_bound.push_back("localhost:80");
    }
    many.front().name = std::string(10'000, 'n');
    const std::string line = describe(many);
    CHECK(line.size() < 4'000);
    CHECK(line.ends_with(" more"));
    CHECK(line.find("; and 9") != std::string::npos);

    // No character is cut in two.
    for (std::size_t before = 1'490; before < 1'510; ++before) {
        std::string reason(before, 'x');
        for (int i = 0; i < 20; ++i) reason += "\u00fc\u20ac";
        const std::vector<TunnelStatus> one{made("mail", 0, reason)};
        const std::string shown = describe(one);
        const std::size_t kept = shown.size() - std::string{"mail: down: "}.size() - 3;
        CHECK(shown.ends_with("..."));
        CHECK((static_cast<unsigned char>(reason[kept]) & 0xC0U) != 0x80U);
    }
}

TEST_CASE("a reason is logged whole, and a status has room for a path and a peer's text") {
    const std::string reason = "gw:22: the peer ended the connection: " + std::string(900, 'x');
    const std::vector<TunnelStatus> one{made("mail", 0, reason)};
    CHECK(describe(one) == "mail: down: " + reason);
    const std::string longer(5'000, 'x');
    CHECK(describe(made("mail", 0, longer)) == "down: " + longer);
}

TEST_CASE("READY waits for the listeners and for the tunnels that are required") {
    std::vector<TunnelStatus> all{made("mail", 0, "gw:22: refused"), made("news", 0)};
    CHECK(is_ready(all));
    all[0].listeners_tried = false;
    CHECK_FALSE(is_ready(all));
    all[0].listeners_tried = true;
    all[0].not_bound = {"localhost:80"};  // it has failed once
    CHECK(is_ready(all));

    all[1].required = true;
    CHECK_FALSE(is_ready(all));
    all[1].up = 1;
    CHECK(is_ready(all));
    all[1].up = 0;
    all[1].ended = "refused";
    CHECK_FALSE(is_ready(all));
}
