#include "common/base/ip_address.hpp"

#include <arpa/inet.h>

#include <algorithm>

#include <fmt/format.h>

#include "common/base/number.hpp"

namespace culvert {
namespace {

constexpr std::array<std::uint8_t, 12> mapped_prefix{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

/// Every bit from `prefix` on is zero.
bool is_zero_below(std::span<const std::uint8_t> bytes, unsigned prefix) {
    for (std::size_t i = prefix / 8; i < bytes.size(); ++i) {
        const unsigned kept = i == prefix / 8 ? prefix % 8 : 0;
        if ((bytes[i] & (0xffU >> kept)) != 0) return false;
    }
    return true;
}

}  // namespace

IpAddress::IpAddress(std::span<const std::uint8_t, 4> v4) noexcept {
    std::ranges::copy(v4, bytes_.begin());
}

IpAddress::IpAddress(std::span<const std::uint8_t, 16> v6) noexcept {
    if (std::ranges::equal(v6.first<12>(), mapped_prefix)) {
        std::ranges::copy(v6.last<4>(), bytes_.begin());
    } else {
        v4_ = false;
        std::ranges::copy(v6, bytes_.begin());
    }
}

std::optional<IpAddress> IpAddress::parse(std::string_view text) {
    if (text.find('\0') != std::string_view::npos) return std::nullopt;
    const std::string terminated{text};
    std::array<std::uint8_t, 16> v6{};
    if (inet_pton(AF_INET6, terminated.c_str(), v6.data()) == 1) return IpAddress{v6};
    std::array<std::uint8_t, 4> v4{};
    if (inet_pton(AF_INET, terminated.c_str(), v4.data()) == 1) return IpAddress{v4};
    return std::nullopt;
}

bool IpAddress::is_loopback() const noexcept {
    if (v4_) return bytes_[0] == 127;
    return bytes_[15] == 1 && is_zero_below(std::span{bytes_}.first(15), 0);
}

bool IpAddress::is_link_local() const noexcept {
    if (v4_) return bytes_[0] == 169 && bytes_[1] == 254;
    return bytes_[0] == 0xfe && (bytes_[1] & 0xc0) == 0x80;
}

bool IpAddress::is_unspecified() const noexcept {
    if (v4_) return bytes_[0] == 0;
    return is_zero_below(std::span{bytes_}.first(12), 0) && !is_loopback();
}

bool IpAddress::is_multicast() const noexcept {
    if (!v4_) return bytes_[0] == 0xff;
    return (bytes_[0] & 0xf0) == 0xe0 ||
           std::ranges::all_of(bytes(), [](std::uint8_t byte) { return byte == 0xff; });
}

std::string to_string(const IpAddress& address) {
    std::array<char, INET6_ADDRSTRLEN> text{};
    inet_ntop(address.is_v4() ? AF_INET : AF_INET6, address.bytes().data(), text.data(),
              text.size());
    return text.data();
}

std::optional<IpNetwork> IpNetwork::parse(std::string_view text) {
    const std::size_t slash = text.find('/');
    const auto base = IpAddress::parse(text.substr(0, slash));
    if (!base) return std::nullopt;
    const auto longest = static_cast<unsigned>(base->bytes().size() * 8);
    unsigned prefix = longest;
    if (slash != std::string_view::npos) {
        const auto written = parse_number<unsigned>(text.substr(slash + 1));
        if (!written) return std::nullopt;
        prefix = *written;
        // ::ffff:10.0.0.0/104 is 10.0.0.0/8.
        const bool mapped = base->is_v4() && text.substr(0, slash).find(':') != text.npos;
        if (mapped) {
            if (prefix < 96) return std::nullopt;
            prefix -= 96;
        }
    }
    if (prefix > longest || !is_zero_below(base->bytes(), prefix)) return std::nullopt;
    return IpNetwork{*base, prefix};
}

bool IpNetwork::contains(const IpAddress& address) const noexcept {
    if (address.is_v4() != base_.is_v4()) return false;
    const auto ours = base_.bytes();
    const auto theirs = address.bytes();
    const unsigned whole = prefix_ / 8;
    const unsigned rest = prefix_ % 8;
    if (!std::ranges::equal(ours.first(whole), theirs.first(whole))) return false;
    if (rest == 0) return true;
    const unsigned mask = 0xff00U >> rest;
    return ((ours[whole] ^ theirs[whole]) & mask & 0xffU) == 0;
}

std::string to_string(const IpNetwork& network) {
    return fmt::format("{}/{}", to_string(network.base_), network.prefix_);
}

}  // namespace culvert
