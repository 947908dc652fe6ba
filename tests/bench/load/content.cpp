#include "tests/bench/load/content.hpp"

#include <sys/random.h>

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <iterator>
#include <span>
#include <system_error>

namespace load {

namespace {

constexpr std::size_t noise_size = 1 << 20;
// Sent from memory, two thirds of what sendfile() from a memfd costs here: that one moves 64 KiB at
// a time, in pages of 4 KiB.
constexpr std::uint64_t piece = 1 << 18;

[[noreturn]] void fail(const std::string& what) {
    throw std::system_error(errno, std::generic_category(), what);
}

}  // namespace

Content Content::of_file(const std::string& path) {
    std::ifstream file{path, std::ios::binary};
    const std::vector<char> read{std::istreambuf_iterator<char>{file}, {}};
    if (read.empty()) fail(path);
    const auto bytes = std::as_bytes(std::span{read});
    return Content{{bytes.begin(), bytes.end()}};
}

Content Content::noise() {
    std::vector<std::byte> bytes(noise_size);
    for (std::size_t done = 0; done < bytes.size();) {
        const ssize_t more = ::getrandom(bytes.data() + done, bytes.size() - done, 0);
        if (more < 0) fail("getrandom");
        done += static_cast<std::size_t>(more);
    }
    return Content{std::move(bytes)};
}

std::span<const std::byte> Content::next(std::uint64_t position, std::uint64_t most) const {
    const auto rest = std::span{bytes_}.subspan(position % bytes_.size());
    return rest.first(std::min<std::uint64_t>({most, rest.size(), piece}));
}

std::size_t Content::send(Stream& stream, std::uint64_t position, std::uint64_t most) const {
    return stream.send_some(next(position, most));
}

std::size_t Content::send_what_fits(Stream& stream, std::uint64_t position,
                                    std::uint64_t most) const {
    return stream.send_what_fits(next(position, most));
}

}  // namespace load
