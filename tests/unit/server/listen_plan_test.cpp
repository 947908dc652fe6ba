#include "server/listen_plan.hpp"

#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "common/net/address.hpp"

using namespace culvert;

namespace {

using Texts = std::vector<std::string>;

/// As a name's addresses are found: `*` and localhost have one in each family.
ListenEntry entry(const Endpoint& where) {
    const auto at = [&](const char* address) {
        return asio::ip::tcp::endpoint{asio::ip::make_address(address), where.port};
    };
    if (where.host == "*") return {where, {at("0.0.0.0"), at("::")}};
    if (where.host == "localhost") return {where, {at("127.0.0.1"), at("::1")}};
    return {where, {at(where.host.c_str())}};
}

struct Outcome {
    Texts bound;
    Texts warnings;
};

Outcome plan(const std::vector<Endpoint>& listen) {
    std::vector<ListenEntry> entries;
    for (const Endpoint& where : listen) entries.push_back(entry(where));
    Outcome outcome;
    outcome.warnings = drop_covered(entries);
    for (const ListenEntry& one : entries) {
        CHECK(!one.to_bind.empty());
        for (const auto& endpoint : one.to_bind) outcome.bound.push_back(to_string(endpoint));
    }
    return outcome;
}

}  // namespace

TEST_CASE("what an entry covers is bound once, and said") {
    struct Row {
        std::vector<Endpoint> listen;
        Texts bound;
        Texts warnings;
    };
    for (const Row& row : {
             Row{{{"10.0.0.2", 22}, {"*", 22}},
                 {"0.0.0.0:22", "[::]:22"},
                 {"*:22 covers 10.0.0.2:22"}},
             Row{{{"*", 22}, {"::1", 22}}, {"0.0.0.0:22", "[::]:22"}, {"*:22 covers [::1]:22"}},
             Row{{{"0.0.0.0", 22}, {"*", 22}},
                 {"0.0.0.0:22", "[::]:22"},
                 {"0.0.0.0:22 covers 0.0.0.0:22 of *:22"}},
             Row{{{"localhost", 22}, {"*", 22}},
                 {"0.0.0.0:22", "[::]:22"},
                 {"*:22 covers localhost:22"}},
             Row{{{"localhost", 22}, {"0.0.0.0", 22}},
                 {"[::1]:22", "0.0.0.0:22"},
                 {"0.0.0.0:22 covers 127.0.0.1:22 of localhost:22"}},
             Row{{{"127.0.0.1", 22}, {"localhost", 22}},
                 {"127.0.0.1:22", "[::1]:22"},
                 {"127.0.0.1:22 covers 127.0.0.1:22 of localhost:22"}},
             Row{{{"localhost", 22}, {"::1", 22}},
                 {"127.0.0.1:22", "[::1]:22"},
                 {"localhost:22 covers [::1]:22"}},
             Row{{{"127.0.0.1", 22}, {"127.0.0.1", 22}},
                 {"127.0.0.1:22"},
                 {"127.0.0.1:22 is there twice"}},
             // The families don't cover each other, nor do ports.
             Row{{{"0.0.0.0", 22}, {"::", 22}}, {"0.0.0.0:22", "[::]:22"}, {}},
             Row{{{"0.0.0.0", 22}, {"::1", 22}}, {"0.0.0.0:22", "[::1]:22"}, {}},
             Row{{{"::", 22}, {"127.0.0.1", 22}}, {"[::]:22", "127.0.0.1:22"}, {}},
             Row{{{"0.0.0.0", 22}, {"127.0.0.1", 23}}, {"0.0.0.0:22", "127.0.0.1:23"}, {}},
             // Each has a free port of its own.
             Row{{{"127.0.0.1", 0}, {"127.0.0.1", 0}}, {"127.0.0.1:0", "127.0.0.1:0"}, {}},
             Row{{{"0.0.0.0", 0}, {"127.0.0.1", 0}}, {"0.0.0.0:0", "127.0.0.1:0"}, {}},
         }) {
        const Outcome outcome = plan(row.listen);
        CAPTURE(to_string(row.listen.front()));
        CAPTURE(to_string(row.listen.back()));
        CHECK(outcome.bound == row.bound);
        CHECK(outcome.warnings == row.warnings);
    }
}
