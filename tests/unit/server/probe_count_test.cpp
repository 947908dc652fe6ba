#include "server/probe_count.hpp"

#include <doctest/doctest.h>

#include "common/log/log.hpp"
#include "tests/unit/common/log/captured_stderr.hpp"

using namespace culvert;
using namespace std::chrono_literals;

namespace {

constexpr TimePoint start{1h};

void set_level(LogLevel level) {
    LogSettings settings;
    settings.kinds[static_cast<std::size_t>(LogKind::probes)] = level;
    configure_log(settings);
}

}  // namespace

TEST_CASE("probes have one line a minute, with their number and the last one") {
    test::CapturedStderr captured;
    start_log("culvertd");
    set_level(LogLevel::info);
    ProbeCount probes;
    probes.report(start);
    for (int i = 0; i < 126; ++i) probes.add("10.0.0.1:1", "reset", start);
    probes.add("10.0.0.2:2", "closed", start + 59s);
    probes.report(start + 59s);
    log_info("so far");
    probes.report(start + 60s);
    probes.report(start + 120s);
    probes.add("10.0.0.3:3", "closed", start + 130s);
    probes.log_rest();
    probes.log_rest();
    CHECK(captured.text() ==
          "culvertd: so far\n"
          "culvertd: 127 probes: connections that ended before the client's version line; the last "
          "one: 10.0.0.2:2: closed\n"
          "culvertd: 1 probe: connections that ended before the client's version line; the last "
          "one: 10.0.0.3:3: closed\n");
}

TEST_CASE("the level of probes is their own: off has nothing, verbose a line for each") {
    test::CapturedStderr captured;
    start_log("culvertd");
    ProbeCount probes;
    set_level(LogLevel::off);
    probes.add("10.0.0.1:1", "reset", start);
    probes.log_rest();
    set_level(LogLevel::verbose);
    probes.add("10.0.0.1:1", "reset", start);
    set_level(LogLevel::info);
    CHECK(captured.text() == "culvertd: 10.0.0.1:1: reset\n");
    configure_log({});
}
