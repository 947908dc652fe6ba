#include "common/transport/ext_info.hpp"

#include <utility>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "common/pacing/limits.hpp"
#include "common/wire/protocol_error.hpp"
#include "common/wire/transport_messages.hpp"

namespace culvert {
namespace {

constexpr std::string_view server_sig_algs = "server-sig-algs";
constexpr std::string_view ping = "ping@openssh.com";
constexpr std::string_view reset = "reset@culvert.internal";
constexpr std::string_view version_0 = "0";

}  // namespace

Extensions decode_ext_info(Bytes payload) {
    Reader in{payload};
    const auto count = decode_head<msg::ExtInfo>(in).count;
    if (count > limits::peer::extensions)
        throw ProtocolError{"EXT_INFO names more than 64 extensions"};
    Extensions theirs;
    for (std::uint32_t i = 0; i < count; ++i) {
        const std::string_view name = in.text();
        const std::string_view value = in.text();
        if (name == server_sig_algs) {
            theirs.server_sig_algs = parse_name_list(value);
        } else if (name == ping) {
            theirs.ping = value == version_0;
        } else if (name == reset) {
            theirs.reset = value == version_0;
        }
    }
    in.expect_end();
    return theirs;
}

ByteVector encode_ext_info(const Extensions& ours) {
    std::vector<std::pair<std::string_view, std::string>> named;
    if (!ours.server_sig_algs.empty()) {
        named.emplace_back(server_sig_algs,
                           fmt::format("{}", fmt::join(ours.server_sig_algs, ",")));
    }
    if (ours.ping) named.emplace_back(ping, version_0);
    if (ours.reset) named.emplace_back(reset, version_0);

    ByteVector payload = encoded(msg::ExtInfo{static_cast<std::uint32_t>(named.size())});
    Writer out{payload};
    for (const auto& [name, value] : named) {
        out.string(name);
        out.string(std::string_view{value});
    }
    return payload;
}

}  // namespace culvert
