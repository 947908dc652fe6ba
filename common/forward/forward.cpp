#include "common/forward/forward.hpp"

#include "common/base/escape.hpp"
#include "common/net/address.hpp"

namespace culvert {
namespace {

std::string escaped_endpoint(const Endpoint& endpoint) {
    return to_string(Endpoint{escaped_name(endpoint.host), endpoint.port});
}

}  // namespace

Endpoint listens_at(const Forward& forward) {
    const auto& local = std::get<LocalForward>(forward);
    return {local.bind.empty() ? "localhost" : local.bind, local.port};
}

std::string leads_to(const Forward& forward) {
    return to_string(std::get<LocalForward>(forward).target);
}

ChannelType channel_for(const Forward& forward, const asio::ip::tcp::endpoint& originator) {
    return DirectTcpip{std::get<LocalForward>(forward).target, to_endpoint(originator)};
}

std::string originator_of(const ChannelType& channel) {
    struct Originator {
        std::string operator()(const DirectTcpip& type) {
            return escaped_endpoint(type.originator);
        }
        std::string operator()(const ForwardedTcpip& type) {
            return escaped_endpoint(type.originator);
        }
        // OpenSSH's extension has a field for it, and leaves it empty.
        std::string operator()(const DirectStreamlocal&) { return "a Unix socket"; }
        std::string operator()(const ForwardedStreamlocal&) { return "a Unix socket"; }
    };
    return std::visit(Originator{}, channel);
}

std::string target_of(const ChannelType& channel) {
    struct Target {
        std::string operator()(const DirectTcpip& type) { return escaped_endpoint(type.target); }
        std::string operator()(const ForwardedTcpip& type) { return escaped_endpoint(type.bound); }
        std::string operator()(const DirectStreamlocal& type) { return escaped(type.path); }
        std::string operator()(const ForwardedStreamlocal& type) { return escaped(type.path); }
    };
    return std::visit(Target{}, channel);
}

}  // namespace culvert
