#include "server/system_broker.hpp"

#include <cassert>
#include <utility>
#include <vector>

#include "common/net/address.hpp"
#include "common/net/deadline.hpp"
#include "common/net/descriptor_limit.hpp"
#include "common/net/dialer.hpp"
#include "common/net/listener.hpp"
#include "server/open_failure.hpp"
#include "server/policy.hpp"

namespace culvert {
namespace {

constexpr Duration bind_lookup_time = std::chrono::seconds{10};

Unreached denied(std::string why) {
    return {{OpenFailureReason::administratively_prohibited, "denied by the server's rules"},
            std::move(why)};
}

Unreached failed(OpenFailureReason reason, std::string why) {
    return {{reason, std::move(why)}, std::nullopt};
}

Unreached failed(const DialFailure& failure) { return {to_open_failure(failure), std::nullopt}; }

}  // namespace

awaitable<ByteVector> SystemBroker::sign_host_key(std::string algorithm, ByteVector data) {
    assert(algorithm == host_key().algorithm());
    co_return host_key_->sign(data);
}

awaitable<KeyLookup> SystemBroker::look_up_key(KeyQuestion question) {
    return culvert::look_up_key(*config_, std::move(question), key_reader_);
}

awaitable<Reached> SystemBroker::connect(const Subject& subject, const DirectTcpip& wanted) {
    const auto rules = open_rules(*config_, subject.user);
    const OpenRequest asked{wanted.target.host, wanted.target.port};
    // A text that nobody could connect to says nothing about the rules, and is mostly a typo.
    if (auto why = why_no_target(asked)) {
        co_return failed(OpenFailureReason::connect_failed, *std::move(why));
    }
    if (auto why = why_denied(subject.permissions, rules, asked)) {
        co_return denied(*std::move(why));
    }

    const Deadline deadline{config_->limits.channel_open};
    auto resolved = co_await resolver_.resolve(wanted.target.host, wanted.target.port,
                                               AddressFamily::any, deadline);
    if (const auto* failure = std::get_if<DialFailure>(&resolved)) co_return failed(*failure);
    // The address that is checked is the address that is connected to: no second look-up can slip
    // another one in.
    auto& endpoints = std::get<std::vector<asio::ip::tcp::endpoint>>(resolved);
    std::string why_not;
    std::erase_if(endpoints, [&](const asio::ip::tcp::endpoint& endpoint) {
        auto why = why_denied(subject.permissions, rules, asked, to_ip_address(endpoint.address()));
        const bool is_denied = why.has_value();
        if (is_denied) why_not = *std::move(why);
        return is_denied;
    });
    if (endpoints.empty()) co_return denied(std::move(why_not));

    auto dialed = co_await connect_to(std::move(endpoints), DialOptions(), deadline);
    if (const auto* failure = std::get_if<DialFailure>(&dialed)) co_return failed(*failure);
    auto socket = std::get<StreamSocket>(std::move(dialed));
    if (is_of_the_last_descriptors(socket.native_handle())) {
        // Those are for others to log in with, and for their files.
        co_return failed(OpenFailureReason::resource_shortage,
                         "the server has no descriptors to spare");
    }
    co_return socket;
}

awaitable<std::vector<asio::ip::tcp::endpoint>> SystemBroker::resolve_bind_address(Endpoint where) {
    return listen_endpoints(resolver_, std::move(where), AddressFamily::any,
                            Deadline{bind_lookup_time});
}

awaitable<std::vector<UniqueFd>> SystemBroker::bind(std::vector<asio::ip::tcp::endpoint> endpoints,
                                                    std::vector<BoundSocket> before) {
    co_return listen_on_all(endpoints, before);
}

}  // namespace culvert
