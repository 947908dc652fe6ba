#include "common/compression/compressor.hpp"

#include <doctest/doctest.h>

using namespace culvert;

TEST_CASE("the names are OpenSSH's (PROTOCOL 1.2) and ours, and none is no compression") {
    CHECK(delayed_zlib == "zlib@openssh.com");
    CHECK(delayed_zstd == "zstd@culvert.internal");
    CHECK(no_compression == "none");
    for (const std::string_view method : {delayed_zlib, delayed_zstd}) {
        CAPTURE(method);
        CHECK(make_compressor(method));
        CHECK(make_decompressor(method));
    }
    CHECK_FALSE(make_compressor(no_compression));
    CHECK_FALSE(make_decompressor(no_compression));
}
