#include "common/wire/writer.hpp"

#include <doctest/doctest.h>

#include "tests/unit/common/crypto/hex.hpp"

using namespace culvert;
using test::hex;
using test::unhex;

namespace {

template <class Write>
std::string written(Write write) {
    ByteVector to;
    write(Writer{to});
    return hex(to);
}

}  // namespace

TEST_CASE("the examples of RFC 4251 5 are written") {
    CHECK(written([](Writer out) { out.uint32(699'921'578); }) == "29b7f4aa");
    CHECK(written([](Writer out) { out.string(std::string_view{"testing"}); }) ==
          "0000000774657374696e67");
    CHECK(written([](Writer out) { out.name_list({}); }) == "00000000");
    CHECK(written([](Writer out) { out.name_list({"zlib"}); }) == "000000047a6c6962");
    CHECK(written([](Writer out) {
              out.name_list({"zlib", "none"});
          }) == "000000097a6c69622c6e6f6e65");
}

TEST_CASE("an mpint is as short as it can be, and not negative (RFC 4251 5)") {
    struct Row {
        std::string_view name;
        std::string_view magnitude;
        const char* mpint;
    };
    for (const Row& row : {
             Row{"the RFC's 0", "", "00000000"},
             Row{"zeros alone", "000000", "00000000"},
             Row{"the RFC's 9a378f9b2e332a7", "09a378f9b2e332a7", "0000000809a378f9b2e332a7"},
             Row{"the RFC's 80", "80", "000000020080"},
             Row{"leading zeros go", "00000001", "0000000101"},
             Row{"but for the sign", "000080ff", "000000030080ff"},
             Row{"just below the sign", "7f", "000000017f"},
         }) {
        CAPTURE(row.name);
        CHECK(written([&](Writer out) { out.mpint(unhex(row.magnitude)); }) == row.mpint);
    }
}

TEST_CASE("each type is written as itself") {
    CHECK(written([](Writer out) { out.put(true); }) == "01");
    CHECK(written([](Writer out) { out.put(std::uint8_t{1}); }) == "01");
    CHECK(written([](Writer out) { out.put(std::uint32_t{1}); }) == "00000001");
    CHECK(written([](Writer out) { out.put(std::uint64_t{1}); }) == "0000000000000001");
    CHECK(written([](Writer out) { out.put(std::string_view{"a"}); }) == "0000000161");
    CHECK(written([](Writer out) { out.put(std::string{"a"}); }) == "0000000161");
    CHECK(written([](Writer out) { out.put(bytes_of("a")); }) == "0000000161");
    CHECK(written([](Writer out) { out.put(NameList{"a", "b"}); }) == "00000003612c62");
    CHECK(written([](Writer out) { out.put(Strong<struct Tag, std::uint32_t>{2}); }) == "00000002");
    CHECK(written([](Writer out) {
              out.put(std::array{std::byte{1}, std::byte{2}});  // no length: byte[n]
          }) == "0102");
}

TEST_CASE("a writer appends") {
    ByteVector to = unhex("ff");
    Writer{to}.byte(1);
    Writer{to}.boolean(false);
    CHECK(hex(to) == "ff0100");
}
