#include "common/forward/inbound.hpp"

#include <functional>

#include <doctest/doctest.h>

#include "common/net/binding.hpp"
#include "tests/unit/common/net/loopback.hpp"
#include "tests/unit/common/net/run.hpp"

using namespace culvert;

namespace {

class Owner : public InboundOwner {
public:
    void on_connected(const Inbound& inbound, Accepted accepted) override {
        ids.push_back(inbound.id());
        taken.push_back(std::move(accepted));
        connected.set();
    }
    void on_exhausted(std::error_code) override {}
    void on_recovered(std::size_t) override {}
    void on_failed(const Inbound& inbound, const std::exception_ptr&) override {
        failed = !inbound.is_bound();
        connected.set();
    }

    std::vector<ForwardId> ids;
    std::vector<Accepted> taken;
    bool failed = false;
    Event connected;
};

const Forward forward = LocalForward{"", 0, {"target", 110}};

class Listening {
public:
    explicit Listening(Listener::AcceptOne accept = Listener::accept_one)
        : listener_{std::make_shared<Listener>(context.get_executor(),
                                               listen_on_all({loopback_v4()}), std::move(accept))} {
        endpoint = listener_->bound().front();
    }

    std::shared_ptr<Listener> listener() { return std::move(listener_); }

    bool connect() {
        std::error_code refused;
        programs_.emplace_back(context).connect(endpoint, refused);
        return !refused;
    }

    void run(awaitable<void> test) {
        std::exception_ptr failure;
        TaskGroup tasks{context.get_executor(),
                        [&](std::exception_ptr thrown) { failure = std::move(thrown); }};
        tasks.spawn(std::move(test));
        context.run();
        if (failure) std::rethrow_exception(failure);
    }

    asio::io_context context;
    asio::ip::tcp::endpoint endpoint;

private:
    std::shared_ptr<Listener> listener_;
    std::vector<TcpSocket> programs_;
};

}  // namespace

TEST_CASE("an inbound end gives its owner what connects, and counts it") {
    Listening listening;
    Owner owner;
    Inbound inbound{listening.context.get_executor(), forward, owner};
    CHECK(!inbound.is_bound());
    CHECK(inbound.bound().empty());
    listening.run([](Listening& l, Inbound& i, Owner& o) -> awaitable<void> {
        i.listen(l.listener());
        CHECK(i.is_bound());
        CHECK(i.bound() == std::vector{l.endpoint});
        CHECK(l.connect());
        co_await o.connected.wait();
        co_await i.join();
    }(listening, inbound, owner));
    CHECK(inbound.connected() == 1);
    CHECK(owner.ids == std::vector{inbound.id()});
    CHECK(!inbound.is_bound());
    CHECK(!listening.connect());
}

TEST_CASE("an inbound end that is told to end frees its port at once") {
    Listening listening;
    Owner owner;
    Inbound inbound{listening.context.get_executor(), forward, owner};
    listening.run([](Listening& l, Inbound& i) -> awaitable<void> {
        i.listen(l.listener());
        i.close();
        CHECK(!l.connect());
        co_await i.join();
    }(listening, inbound));
    CHECK(owner.taken.empty());
}

TEST_CASE("an inbound end gives its listener away open") {
    Listening listening;
    Owner owner;
    Inbound inbound{listening.context.get_executor(), forward, owner};
    std::shared_ptr<Listener> given;
    listening.run([](Listening& l, Inbound& i, std::shared_ptr<Listener>& to) -> awaitable<void> {
        i.listen(l.listener());
        to = i.release();
        co_await i.join();
        CHECK(l.connect());
    }(listening, inbound, given));
    CHECK(given->bound() == std::vector{listening.endpoint});
    CHECK(owner.taken.empty());
}

TEST_CASE("what waits in the kernel is taken ahead of closing where that is asked for") {
    Listening listening;
    Owner owner;
    Inbound inbound{listening.context.get_executor(), forward, owner};
    listening.run([](Listening& l, Inbound& i) -> awaitable<void> {
        CHECK(l.connect());
        CHECK(l.connect());
        i.listen(l.listener());
        i.accept_rest_and_close();
        CHECK(!l.connect());
        co_await i.join();
    }(listening, inbound));
    CHECK(owner.taken.size() == 2);
}

TEST_CASE("an inbound end whose listener fails is closed, and its owner hears why") {
    Listening listening{
        [](TcpAcceptor&, Accepted&) -> std::error_code { return asio::error::bad_descriptor; }};
    Owner owner;
    Inbound inbound{listening.context.get_executor(), forward, owner};
    listening.run([](Listening& l, Inbound& i, Owner& o) -> awaitable<void> {
        CHECK(l.connect());
        i.listen(l.listener());
        co_await o.connected.wait();
        co_await i.join();
    }(listening, inbound, owner));
    CHECK(owner.failed);
    CHECK(!listening.connect());
}

TEST_CASE("no two inbound ends have the same name") {
    asio::io_context context;
    Owner owner;
    const Inbound one{context.get_executor(), forward, owner};
    const Inbound other{context.get_executor(), forward, owner};
    CHECK(one.id() != other.id());
}
