#include "tests/unit/common/engine/world.hpp"

#include <doctest/doctest.h>

using namespace culvert;
using namespace culvert::test;

TEST_CASE("two engines carry a stream in every combination of algorithms") {
    for (const Choice& choice : all_choices()) {
        CAPTURE(choice.cipher);
        CAPTURE(choice.compression);
        World world{
            {.client = client_config(choice),
             .server = server_config(choice),
             .streams = {{.size = {100'000, 200'000}}, {.size = {0, 1}}, {.refused = true}}}};
        world.settle();
        CHECK(world.is_finished());
        CHECK_NOTHROW(world.check_streams());
    }
}
