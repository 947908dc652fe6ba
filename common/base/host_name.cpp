#include "common/base/host_name.hpp"

#include <arpa/inet.h>
#include <net/if.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>

#include <fmt/format.h>

#include "common/base/characters.hpp"
#include "common/base/escape.hpp"
#include "common/base/ip_address.hpp"
#include "common/base/number.hpp"

namespace culvert {
namespace {

/// An IPv6 address and what stands behind its '%'.
struct Zoned {
    IpAddress address;
    std::optional<std::string> zone;
};

std::optional<Zoned> parse_zoned(std::string_view host) {
    const std::size_t percent = host.find('%');
    const std::string_view text = host.substr(0, percent);
    const auto address = IpAddress::parse(text);
    if (!address || text.find(':') == text.npos) return std::nullopt;
    if (percent == host.npos) return Zoned{*address, std::nullopt};
    return Zoned{*address, std::string{host.substr(percent + 1)}};
}

bool has_zone(const Zoned& host) { return host.zone && !host.zone->empty() && *host.zone != "0"; }

bool is_interface(const std::string& zone) {
    if (::if_nametoindex(zone.c_str()) != 0) return true;
    const auto index = parse_number<unsigned>(zone);
    std::array<char, IF_NAMESIZE> name{};
    return index && ::if_indextoname(*index, name.data()) != nullptr;
}

/// Are the address's zones interfaces? A link-local one's are, also where many listen to it.
bool is_of_a_link(const IpAddress& address) {
    if (address.is_v4()) return false;
    return address.is_link_local() || (address.is_multicast() && (address.bytes()[1] & 0xf) == 2);
}

/// `text` is the address as inet_ntop(3) writes it. As the resolver reads it, and getnameinfo(3)
/// writes it: an interface by its name, any other zone as a number.
std::optional<std::string> with_zone(const std::string& text, const Zoned& host) {
    if (!host.zone) return text;
    const auto number = parse_number<std::uint32_t>(*host.zone);
    std::uint32_t index = is_of_a_link(host.address) ? ::if_nametoindex(host.zone->c_str()) : 0;
    if (index == 0 && !number) return std::nullopt;
    if (index == 0) index = *number;
    if (index == 0) return text;
    std::array<char, IF_NAMESIZE> name{};
    if (is_of_a_link(host.address) && ::if_indextoname(index, name.data()) != nullptr) {
        return fmt::format("{}%{}", text, name.data());
    }
    return fmt::format("{}%{}", text, index);
}

/// The numeric form, or nothing for what the resolver takes for a name. It is the resolver's own
/// reading with AI_NUMERICHOST, which is asked for by other layers only.
std::optional<std::string> canonical_address(const std::string& host) {
    std::array<char, INET6_ADDRSTRLEN> text{};
    if (const auto v6 = parse_zoned(host)) {
        in6_addr address{};
        inet_pton(AF_INET6, host.substr(0, host.find('%')).c_str(), &address);
        inet_ntop(AF_INET6, &address, text.data(), text.size());
        return with_zone(text.data(), *v6);
    }
    // inet_aton(3) alone would take what stands behind a blank, too.
    in_addr address{};
    if (!is_one_word(host) || inet_aton(host.c_str(), &address) == 0) return std::nullopt;
    inet_ntop(AF_INET, &address, text.data(), text.size());
    return text.data();
}

/// A network card of this machine (eth0, enp3s0, wlan0), for an example.
std::string example_interface() {
    const std::unique_ptr<struct if_nameindex, decltype(&::if_freenameindex)> all{
        ::if_nameindex(), &::if_freenameindex};
    for (const auto* one = all.get(); one != nullptr && one->if_name != nullptr; ++one) {
        const std::string_view name{one->if_name};
        if (name.starts_with('e') || name.starts_with('w')) return std::string{name};
    }
    return "eth0";
}

constexpr std::string_view mapped = "::ffff:";

}  // namespace

std::string canonical_host(std::string_view host) {
    // The C library would take what precedes a zero byte for all of it.
    if (host.find('\0') != host.npos) return lower_case(host);
    if (auto address = canonical_address(std::string{host})) return *std::move(address);
    // The zone is an interface's name, in which case counts.
    const std::size_t zone = std::min(host.find('%'), host.size());
    return lower_case(host.substr(0, zone)) + std::string{host.substr(zone)};
}

std::vector<std::string> equivalent_hosts(std::string_view host) {
    std::vector<std::string> all;
    const auto add = [&](const std::string& other) {
        if (!other.empty() && other != host && std::ranges::find(all, other) == all.end()) {
            all.push_back(other);
        }
    };
    const auto add_address = [&](const IpAddress& address) {
        add(to_string(address));
        if (address.is_v4()) add(fmt::format("{}{}", mapped, to_string(address)));
        if (!address.is_unspecified()) return;
        if (to_string(address) == "0.0.0.0") add("127.0.0.1");
        if (to_string(address) == "::") add("::1");
    };
    const bool dotted = host.ends_with('.');
    const std::string bare = canonical_host(dotted ? host.substr(0, host.size() - 1) : host);
    if (const auto v6 = parse_zoned(bare)) {
        // Only a link-local address is another host on another interface.
        if (!v6->address.is_link_local() || v6->address.is_v4()) add_address(v6->address);
        add(bare);
    } else if (const auto v4 = IpAddress::parse(bare)) {
        add_address(*v4);
    } else {
        add(dotted ? bare : bare + ".");
    }
    return all;
}

bool is_ipv6_literal(std::string_view host) { return parse_zoned(host).has_value(); }

std::optional<std::string> zone_missing(std::string_view host) {
    const auto v6 = parse_zoned(host);
    if (!v6 || v6->address.is_v4() || !v6->address.is_link_local() || has_zone(*v6)) {
        return std::nullopt;
    }
    return fmt::format("a link-local address needs its interface: {}%{}", to_string(v6->address),
                       example_interface());
}

std::optional<std::string> zone_unknown(std::string_view host) {
    const auto v6 = parse_zoned(host);
    if (!v6 || !has_zone(*v6) || is_interface(*v6->zone)) return std::nullopt;
    return fmt::format("no interface {}", escaped(*v6->zone, 64));
}

}  // namespace culvert
