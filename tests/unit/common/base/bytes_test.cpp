#include "common/base/bytes.hpp"

#include <doctest/doctest.h>

using namespace culvert;

TEST_CASE("bytes and text are views of the same memory") {
    const std::string text{"a\0\xff", 3};
    const Bytes bytes = bytes_of(text);
    CHECK(bytes.size() == 3);
    CHECK(bytes[2] == std::byte{0xff});
    CHECK(static_cast<const void*>(bytes.data()) == text.data());
    CHECK(text_of(bytes) == text);
    CHECK(text_of(bytes).data() == text.data());
    CHECK(uchar(bytes)[2] == 0xff);
    CHECK(bytes_of("").empty());
    CHECK(text_of({}).empty());
}

TEST_CASE("uchar lets a C interface write") {
    ByteVector bytes(2);
    uchar(MutableBytes{bytes})[1] = 0x80;
    CHECK(bytes == ByteVector{std::byte{0}, std::byte{0x80}});
}

TEST_CASE("append adds behind what is there") {
    ByteVector to{std::byte{1}};
    append(to, bytes_of("\x02\x03"));
    append(to, {});
    CHECK(to == ByteVector{std::byte{1}, std::byte{2}, std::byte{3}});
}
