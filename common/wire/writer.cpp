#include "common/wire/writer.hpp"

#include <algorithm>

#include "common/base/big_endian.hpp"

namespace culvert {

void Writer::uint32(std::uint32_t value) {
    std::array<std::byte, 4> bytes;
    store_big_endian<std::uint32_t>(bytes, value);
    raw(bytes);
}

void Writer::uint64(std::uint64_t value) {
    std::array<std::byte, 8> bytes;
    store_big_endian<std::uint64_t>(bytes, value);
    raw(bytes);
}

void Writer::string(Bytes bytes) {
    uint32(static_cast<std::uint32_t>(bytes.size()));
    raw(bytes);
}

void Writer::name_list(const NameList& names) {
    std::size_t length = names.empty() ? 0 : names.size() - 1;
    for (const std::string& name : names) length += name.size();
    uint32(static_cast<std::uint32_t>(length));
    bool first = true;
    for (const std::string& name : names) {
        if (!first) byte(',');
        raw(bytes_of(name));
        first = false;
    }
}

void Writer::mpint(Bytes magnitude) {
    const auto significant =
        std::ranges::find_if(magnitude, [](std::byte b) { return b != std::byte{0}; });
    const Bytes bytes{significant, magnitude.end()};
    // The highest bit of an mpint is its sign: a positive number that has it set gets a zero byte.
    const bool looks_negative = !bytes.empty() && (bytes.front() & std::byte{0x80}) != std::byte{0};
    uint32(static_cast<std::uint32_t>(bytes.size() + (looks_negative ? 1 : 0)));
    if (looks_negative) byte(0);
    raw(bytes);
}

}  // namespace culvert
