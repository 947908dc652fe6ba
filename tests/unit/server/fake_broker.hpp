#pragma once

#include <sys/socket.h>

#include <chrono>
#include <cstddef>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "common/crypto/random.hpp"
#include "common/keys/private_key.hpp"
#include "common/net/address.hpp"
#include "common/net/dialer.hpp"
#include "server/broker.hpp"

namespace culvert::test {

/// Lets every key in, connects to one target whatever is asked for, and binds really, except where
/// the test says otherwise. It keeps what it was asked.
class FakeBroker final : public Broker {
public:
    const PublicKey& host_key() const noexcept override { return host_key_.public_key(); }
    awaitable<ByteVector> sign_host_key(std::string, ByteVector data) override {
        co_return host_key_.sign(data);
    }
    awaitable<KeyLookup> look_up_key(KeyQuestion) override {
        const std::lock_guard lock{mutex_};
        threads_.insert(std::this_thread::get_id());
        KeyLookup found;
        found.allowed.emplace();
        co_return found;
    }
    awaitable<Reached> connect(const Subject&, const DirectTcpip&) override {
        auto connecting = connect_to(target(), DialOptions(), Deadline{std::chrono::hours{1}});
        auto dialed = co_await std::move(connecting);
        co_return std::get<StreamSocket>(std::move(dialed));
    }
    awaitable<std::vector<asio::ip::tcp::endpoint>> resolve_bind_address(Endpoint where) override {
        resolved.push_back(where);
        if (const auto named = names.find(where.host); named != names.end()) {
            std::vector<asio::ip::tcp::endpoint> all;
            for (const std::string& address : named->second) {
                all.emplace_back(asio::ip::make_address(address), where.port);
            }
            co_return all;
        }
        co_return std::vector{
            asio::ip::tcp::endpoint{asio::ip::make_address(where.host), where.port}};
    }
    awaitable<std::vector<UniqueFd>> bind(std::vector<asio::ip::tcp::endpoint> endpoints,
                                          std::vector<BoundSocket> before) override {
        const std::lock_guard lock{mutex_};
        for (const auto& endpoint : endpoints) {
            if (endpoint.address() == refused_) throw Error{ErrorKind::network, "refused"};
        }
        auto sockets = listen_on_all(endpoints, before);
        last_descriptor = sockets.back().get();
        for (const UniqueFd& socket : sockets) bound_.push_back(local_endpoint(socket));
        co_return sockets;
    }

    // ---- from any thread
    /// What is asked for is this.
    void set_target(const asio::ip::tcp::endpoint& target) {
        const std::lock_guard lock{mutex_};
        target_ = target;
    }
    /// This address can't be bound.
    void refuse(const std::optional<asio::ip::address>& address) {
        const std::lock_guard lock{mutex_};
        refused_ = address;
    }
    /// All that it has bound so far.
    std::vector<asio::ip::tcp::endpoint> bound() const {
        const std::lock_guard lock{mutex_};
        return bound_;
    }
    /// How many threads have asked about keys.
    std::size_t threads() const {
        const std::lock_guard lock{mutex_};
        return threads_.size();
    }

    // ---- on the thread that it is asked on
    std::map<std::string, std::vector<std::string>> names;  ///< the others are addresses
    std::vector<Endpoint> resolved;
    int last_descriptor = -1;  ///< of those that it has bound

private:
    std::vector<asio::ip::tcp::endpoint> target() const {
        const std::lock_guard lock{mutex_};
        return {target_};
    }
    static asio::ip::tcp::endpoint local_endpoint(const UniqueFd& socket) {
        asio::ip::tcp::endpoint endpoint;
        auto size = static_cast<socklen_t>(endpoint.capacity());
        ::getsockname(socket.get(), endpoint.data(), &size);
        endpoint.resize(size);
        return endpoint;
    }

    static PrivateKey make_key() {
        SystemRandom random;
        return PrivateKey::generate(random, "host");
    }

    PrivateKey host_key_ = make_key();
    mutable std::mutex mutex_;
    std::set<std::thread::id> threads_;
    std::vector<asio::ip::tcp::endpoint> bound_;
    asio::ip::tcp::endpoint target_;
    std::optional<asio::ip::address> refused_;
};

}  // namespace culvert::test
