#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace culvert {

/// An IPv4 or IPv6 address, as a value. An IPv4-mapped IPv6 address (::ffff:a.b.c.d) is the IPv4
/// address it stands for, however it was made: no rule can be walked around by its other spelling.
class IpAddress {
public:
    explicit IpAddress(std::span<const std::uint8_t, 4> v4) noexcept;
    explicit IpAddress(std::span<const std::uint8_t, 16> v6) noexcept;

    /// Dotted quads and RFC 4291 text only, without brackets or a scope: `127.1` is none.
    static std::optional<IpAddress> parse(std::string_view text);

    bool is_v4() const noexcept { return v4_; }
    /// 4 or 16 bytes, network order; they live as long as the address.
    std::span<const std::uint8_t> bytes() const noexcept {
        return std::span{bytes_}.first(v4_ ? 4 : 16);
    }

    bool is_loopback() const noexcept;    ///< 127.0.0.0/8, ::1
    bool is_link_local() const noexcept;  ///< 169.254.0.0/16, fe80::/10
    /// 0.0.0.0/8 (Linux takes 0.0.0.0 for loopback); ::, and the old IPv4-compatible ::a.b.c.d
    bool is_unspecified() const noexcept;
    bool is_multicast() const noexcept;  ///< 224.0.0.0/4, 255.255.255.255, ff00::/8

    friend bool operator==(const IpAddress&, const IpAddress&) = default;

private:
    bool v4_ = true;
    std::array<std::uint8_t, 16> bytes_{};
};

std::string to_string(const IpAddress& address);

/// `10.0.0.0/8`, `2001:db8::/32`; a bare address is a network of one.
class IpNetwork {
public:
    /// Nothing if it isn't one, its prefix is too long, or bits below the prefix are set.
    static std::optional<IpNetwork> parse(std::string_view text);

    bool contains(const IpAddress& address) const noexcept;

    friend bool operator==(const IpNetwork&, const IpNetwork&) = default;
    friend std::string to_string(const IpNetwork& network);

private:
    IpNetwork(IpAddress base, unsigned prefix) noexcept : base_{base}, prefix_{prefix} {}

    IpAddress base_;
    unsigned prefix_;
};

}  // namespace culvert
