#include "server/listen_address.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "common/base/characters.hpp"
#include "common/base/error.hpp"
#include "common/base/escape.hpp"
#include "common/base/host_name.hpp"
#include "common/base/ip_address.hpp"
#include "common/base/number.hpp"

namespace culvert {
namespace {

[[noreturn]] void fail(std::string_view text, std::string_view why) {
    throw Error{ErrorKind::usage,
                fmt::format("'{}': {}; the form is address:port, as in 127.0.0.1:2222, [::1]:2222 "
                            "or *:2222",
                            escaped(text), why)};
}

std::uint16_t read_port(std::string_view whole, std::string_view text) {
    const auto port = parse_port(text);
    if (!port)
        fail(whole, "the port is neither a number up to 65535 nor the name of a TCP service");
    return *port;
}

}  // namespace

Endpoint parse_listen_address(std::string_view text, std::uint16_t default_port) {
    if (text.empty()) fail(text, "empty");
    if (text.find_first_not_of("0123456789") == std::string_view::npos) {
        return {"*", read_port(text, text)};
    }
    std::string_view host = text;
    std::string_view behind;
    if (text.starts_with('[')) {
        const std::size_t close = text.find(']');
        if (close == std::string_view::npos) fail(text, "'[' without its ']'");
        host = text.substr(1, close - 1);
        behind = text.substr(close + 1);
        if (host.find(':') == std::string_view::npos ||
            !IpAddress::parse(host.substr(0, host.find('%')))) {
            fail(text, "the brackets hold no IPv6 address");
        }
        if (!behind.empty() && !behind.starts_with(':')) fail(text, "']' is not followed by ':'");
    } else {
        const std::size_t colon = std::min(text.find(':'), text.size());
        host = text.substr(0, colon);
        behind = text.substr(colon);
        if (behind.rfind(':') != 0 && !behind.empty()) {
            fail(text, "an IPv6 address goes in brackets");
        }
    }
    if (!is_one_word(host) || host.starts_with('-') || host.find('/') != host.npos) {
        fail(text, "not an address");
    }
    // 22:22 names two ports.
    if (parse_number<std::uint16_t>(host)) fail(text, "a port where an address is expected");
    if (const auto why = zone_missing(host)) fail(text, *why);
    return {std::string{host}, behind.empty() ? default_port : read_port(text, behind.substr(1))};
}

}  // namespace culvert
