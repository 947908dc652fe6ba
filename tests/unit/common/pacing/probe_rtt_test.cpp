#include "common/pacing/probe_rtt.hpp"

#include <doctest/doctest.h>

using namespace culvert;

TEST_CASE("ProbeRTT ends with the pong of its last probe, or of a later one") {
    ProbeRtt probe_rtt;
    CHECK_FALSE(probe_rtt.is_active());
    CHECK_FALSE(probe_rtt.awaits_last_probe());
    probe_rtt.begin();
    CHECK(probe_rtt.is_active());
    CHECK(probe_rtt.awaits_last_probe());
    probe_rtt.on_pong(6);  // of a probe that was sent before
    CHECK(probe_rtt.is_active());

    probe_rtt.on_last_probe(7);
    CHECK_FALSE(probe_rtt.awaits_last_probe());
    probe_rtt.on_pong(6);
    CHECK(probe_rtt.is_active());
    SUBCASE("its own") { probe_rtt.on_pong(7); }
    SUBCASE("a later one") { probe_rtt.on_pong(8); }
    CHECK_FALSE(probe_rtt.is_active());
}

TEST_CASE("ProbeRTT that begins again has a last probe of its own") {
    ProbeRtt probe_rtt;
    probe_rtt.begin();
    probe_rtt.on_last_probe(1);
    probe_rtt.begin();
    CHECK(probe_rtt.awaits_last_probe());
    probe_rtt.on_pong(1);
    CHECK(probe_rtt.is_active());
    probe_rtt.end();
    CHECK_FALSE(probe_rtt.is_active());
}
