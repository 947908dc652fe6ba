#include <cerrno>
#include <memory>
#include <string>
#include <vector>

#include <doctest/doctest.h>
#include <asio/error.hpp>
#include <asio/io_context.hpp>
#include <asio/post.hpp>

#include "common/base/error.hpp"
#include "common/net/binding.hpp"
#include "common/net/listener.hpp"
#include "common/net/task_group.hpp"
#include "tests/unit/common/net/loopback.hpp"
#include "tests/unit/common/net/run.hpp"

namespace culvert {
namespace {

using Endpoints = std::vector<tcp::endpoint>;

tcp::endpoint at(const char* address, std::uint16_t port = 0) {
    return {asio::ip::make_address(address), port};
}

std::unique_ptr<Listener> listen_after(asio::io_context& io, const Listener& before,
                                       const Endpoints& endpoints) {
    return std::make_unique<Listener>(io.get_executor(),
                                      listen_on_all(endpoints, before.sockets()));
}

awaitable<void> accept_from(Listener& listener, std::size_t wanted, std::size_t& accepted) {
    TaskGroup group{co_await asio::this_coro::executor, [](const std::exception_ptr& thrown) {
                        FAIL_CHECK(text_of_exception(thrown));
                    }};
    group.spawn(listener.run({.on_accept = [&](Accepted) { ++accepted; }}));
    while (accepted < wanted) co_await asio::post(use_awaitable);
    co_await group.join();
}

/// Connects to each, waiting in the kernel, and then has the listener accept them all.
bool accepts(asio::io_context& io, Listener& listener, const Endpoints& targets) {
    std::vector<TcpSocket> clients;
    for (const auto& target : targets) {
        clients.emplace_back(io.get_executor());
        std::error_code refused;
        clients.back().connect(target, refused);
        if (refused) return false;
    }
    std::size_t accepted = 0;
    run(io, accept_from(listener, targets.size(), accepted));
    return accepted == targets.size();
}

/// So many connections to each of its addresses, which wait in the kernel.
std::vector<TcpSocket> connect_to_each(asio::io_context& io, const Listener& listener,
                                       std::size_t count) {
    std::vector<TcpSocket> clients;
    for (const auto& target : listener.bound()) {
        for (std::size_t i = 0; i < count; ++i) {
            clients.emplace_back(io.get_executor()).connect(target);
        }
    }
    return clients;
}

bool is_open(asio::io_context& io, const tcp::endpoint& target) {
    TcpSocket client{io.get_executor()};
    std::error_code refused;
    client.connect(target, refused);
    return !refused;
}

}  // namespace

TEST_CASE("a wider address takes over a narrower one: its port never closes") {
    asio::io_context io;
    auto narrow = std::make_unique<Listener>(io.get_executor(), listen_on_all({at("127.0.0.2")}));
    const std::uint16_t port = narrow->bound().front().port();
    TcpSocket waits_in_the_kernel{io.get_executor()};
    waits_in_the_kernel.connect(at("127.0.0.2", port));

    auto wide = listen_after(io, *narrow, {at("0.0.0.0", port)});
    narrow.reset();
    std::size_t accepted = 0;
    run(io, accept_from(*wide, 1, accepted));
    CHECK(
        accepts(io, *wide, {at("127.0.0.1", port), at("127.0.0.2", port), at("127.0.0.3", port)}));

    // And back: the narrow one is what is left.
    narrow = listen_after(io, *wide, {at("127.0.0.2", port)});
    wide.reset();
    CHECK(accepts(io, *narrow, {at("127.0.0.2", port)}));
    CHECK(!is_open(io, at("127.0.0.1", port)));
}

TEST_CASE("a narrower address takes over a wider one that it was no part of") {
    asio::io_context io;
    auto wide = std::make_unique<Listener>(io.get_executor(), listen_on_all({at("0.0.0.0")}));
    const std::uint16_t port = wide->bound().front().port();
    auto narrow = listen_after(io, *wide, {at("127.0.0.2", port)});
    CHECK(is_open(io, at("127.0.0.1", port)));
    wide.reset();
    CHECK(accepts(io, *narrow, {at("127.0.0.2", port)}));
    CHECK(!is_open(io, at("127.0.0.1", port)));
}

TEST_CASE("an address that stays is shared, whatever it is called and whatever comes with it") {
    asio::io_context io;
    auto one = std::make_unique<Listener>(io.get_executor(), listen_on_all({at("127.0.0.1")}));
    const std::uint16_t port = one->bound().front().port();
    auto two = listen_after(io, *one, {at("127.0.0.1", port), at("127.0.0.9", port)});
    CHECK(accepts(io, *one, {at("127.0.0.1", port)}));
    one.reset();
    CHECK(accepts(io, *two, {at("127.0.0.1", port), at("127.0.0.9", port)}));
}

TEST_CASE("what can't be taken over leaves all as it was") {
    asio::io_context io;
    const Listener others{io.get_executor(), listen_on_all({at("127.0.0.3")})};
    const std::uint16_t port = others.bound().front().port();
    Listener before{io.get_executor(), listen_on_all({at("127.0.0.2", port)})};
    // 127.0.0.3 belongs to somebody else, as far as this listener knows.
    CHECK_THROWS_WITH_AS(listen_after(io, before, {at("0.0.0.0", port)}),
                         doctest::Contains("in use by another program"), Error);
    CHECK(accepts(io, before, {at("127.0.0.2", port)}));
    // Nor is the way open for others afterwards.
    CHECK_THROWS_AS(listen_on_all({at("0.0.0.0", port)}), Error);
    CHECK_THROWS_AS(listen_on_all({at("127.0.0.2", port)}), Error);
}

TEST_CASE("a listener that goes while connections wait takes them first, all of them") {
    asio::io_context io;
    Listener listener{io.get_executor(), listen_on_all({at("127.0.0.1"), at("127.0.0.2")})};
    constexpr std::size_t of_each = 200;  // more than run() takes at a stretch
    const auto clients = connect_to_each(io, listener, of_each);
    std::size_t accepted = 0;
    CHECK_FALSE(listener.accept_rest({.on_accept = [&](Accepted) { ++accepted; }}));
    CHECK(accepted == 2 * of_each);
}

TEST_CASE("what can't be accepted at the end is returned, and is no obstacle to other sockets") {
    for (const int reason : {EMFILE, ENOMEM, EINVAL}) {
        CAPTURE(reason);
        asio::io_context io;
        int tries = 0;
        const auto fails_first = [&](TcpAcceptor& acceptor, Accepted& accepted) {
            if (++tries == 1) return std::error_code{reason, asio::error::get_system_category()};
            return Listener::accept_one(acceptor, accepted);
        };
        Listener listener{io.get_executor(), listen_on_all({at("127.0.0.1"), at("127.0.0.2")}),
                          fails_first};
        const auto clients = connect_to_each(io, listener, 1);
        std::size_t accepted = 0;
        const std::error_code why =
            listener.accept_rest({.on_accept = [&](Accepted) { ++accepted; }});
        CHECK(why.value() == reason);
        CHECK(accepted == 1);
    }
}

TEST_CASE("a connection that was lost while it waited doesn't keep the others waiting") {
    asio::io_context io;
    int tries = 0;
    const auto first_is_lost = [&](TcpAcceptor& acceptor, Accepted& accepted) {
        if (++tries == 1) return std::error_code{ECONNABORTED, asio::error::get_system_category()};
        return Listener::accept_one(acceptor, accepted);
    };
    Listener listener{io.get_executor(), listen_on_all({at("127.0.0.1")}), first_is_lost};
    const auto clients = connect_to_each(io, listener, 3);
    std::size_t accepted = 0;
    CHECK_FALSE(listener.accept_rest({.on_accept = [&](Accepted) { ++accepted; }}));
    CHECK(accepted == 3);
}

}  // namespace culvert
