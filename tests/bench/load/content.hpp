#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "tests/bench/load/stream.hpp"

namespace load {

/// What bulk streams carry: some bytes over and over.
class Content {
public:
    /// The file's bytes. Throws std::system_error.
    static Content of_file(const std::string& path);
    /// 1 MiB that doesn't compress.
    static Content noise();

    /// Sends the next bytes of a stream that has carried `position` bytes, at most `most`, and says
    /// how many those were.
    std::size_t send(Stream& stream, std::uint64_t position, std::uint64_t most) const;
    /// The same without waiting; 0 if nothing fits.
    std::size_t send_what_fits(Stream& stream, std::uint64_t position, std::uint64_t most) const;

private:
    std::span<const std::byte> next(std::uint64_t position, std::uint64_t most) const;
    explicit Content(std::vector<std::byte> bytes) : bytes_{std::move(bytes)} {}

    std::vector<std::byte> bytes_;
};

}  // namespace load
