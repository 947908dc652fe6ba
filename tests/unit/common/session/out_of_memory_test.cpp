#include <array>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include <doctest/doctest.h>
#include <asio/post.hpp>

#include "common/base/memory_reserve.hpp"
#include "tests/unit/allocations.hpp"
#include "tests/unit/common/session/session_pair.hpp"

using namespace culvert;
using namespace culvert::test;

namespace {

/// Must not be called once its owner took it for gone.
class Witness : public MemoryStream {
public:
    using MemoryStream::MemoryStream;

    void on_lost() noexcept override {
        CHECK_FALSE(gone);
        MemoryStream::on_lost();
    }

    bool gone = false;
};

/// Two sessions, a stream at either end, and one allocation that fails in `attempt`.
class Failing {
public:
    explicit Failing(std::size_t n, std::string to_send = {}) : near{std::move(to_send)}, n_{n} {
        pair.may_lack_memory = true;
        near.ends = far.ends = false;
        near.session = &*pair.client;
        far.session = &*pair.server;
        pair.server_owner.requested = [this](ChannelRequested request) {
            far.channel = request.channel;
            on_requested();
        };
    }

    void attempt(const std::function<void()>& what) {
        const FailingAllocation failing{n_};
        try {
            what();
        } catch (const std::bad_alloc&) {
            threw = true;
        }
        failed = FailingAllocation::has_failed();
    }

    void open() {
        const auto channel = pair.client->open(DirectTcpip{target, originator}, near);
        if (channel) near.channel = *channel;
    }

    SessionPair pair;
    Witness near;
    Witness far;
    std::function<void()> on_requested = [this] { pair.server->accept(far.channel, far); };
    bool failed = false;
    bool threw = false;
    bool near_was_lost = false;  ///< before the test's own end

private:
    std::size_t n_;
};

awaitable<void> open_and_wait(Failing& f) {
    co_await f.pair.client_owner.ready.wait();
    f.open();
    while (!f.near.opened.is_set() && !f.near.lost && !f.near.refused) {
        co_await asio::post(use_awaitable);
    }
    f.near_was_lost = f.near.lost;
}

}  // namespace

TEST_CASE("a channel that cannot be accepted for want of memory leaves no stream behind") {
    const std::size_t failed = for_each_allocation([](std::size_t n) {
        CAPTURE(n);
        Failing f{n};
        f.on_requested = [&f] {
            f.attempt([&f] { f.pair.server->accept(f.far.channel, f.far); });
            f.far.gone = f.threw;
        };
        f.pair.run(open_and_wait(f));
        CHECK(f.threw == f.failed);
        CHECK(f.near_was_lost == f.failed);
        if (f.failed) CHECK(f.pair.server_end == "out of memory");
        return f.failed;
    });
    CHECK(failed > 0);
}

TEST_CASE("a peer hears of a channel that cannot even be refused for want of memory") {
    const std::size_t failed = for_each_allocation([](std::size_t n) {
        CAPTURE(n);
        Failing f{n};
        f.on_requested = [&f] {
            f.attempt([&f] {
                f.pair.server->refuse(f.far.channel, {OpenFailureReason::connect_failed, "no"});
            });
        };
        f.pair.run(open_and_wait(f));
        CHECK(f.near_was_lost == f.failed);
        CHECK(f.near.refused.has_value() == !f.failed);
        return f.failed;
    });
    CHECK(failed > 0);
}

TEST_CASE("a channel that cannot be opened for want of memory leaves no stream behind") {
    const std::size_t failed = for_each_allocation([](std::size_t n) {
        CAPTURE(n);
        Failing f{n};
        const auto test = [](Failing& g) -> awaitable<void> {
            co_await g.pair.client_owner.ready.wait();
            g.attempt([&g] { g.open(); });
            g.near.gone = g.threw;
            if (!g.threw) co_await wait_for_end(g.near);
        };
        f.on_requested = [&f] {
            f.pair.server->refuse(f.far.channel, {OpenFailureReason::connect_failed, "no"});
        };
        f.pair.run(test(f));
        CHECK(f.threw == f.failed);
        return f.failed;
    });
    CHECK(failed > 0);
}

TEST_CASE("the end of a stream reaches the peer, or the session ends, where memory fails") {
    static constexpr std::size_t data =
        512 * 1024;  // within any first window, and a good part of it
    const std::array<std::function<void(Failing&)>, 4> ends = {
        [](Failing& f) { f.pair.server->reset(f.far.channel); },
        [](Failing& f) { f.pair.server->close(f.far.channel); },
        // As much as has to be granted anew.
        [](Failing& f) { f.pair.server->delivered(f.far.channel, f.far.received.size()); },
        [](Failing& f) { f.pair.server->end(DisconnectReason::by_application, "over"); },
    };
    for (const auto& end : ends) {
        const auto number = &end - ends.data();
        CAPTURE(number);
        const std::size_t failed = for_each_allocation([&](std::size_t n) {
            CAPTURE(n);
            Failing f{n, pattern(data)};
            f.far.reads = false;
            const auto test = [](Failing& g,
                                 const std::function<void(Failing&)>& ending) -> awaitable<void> {
                co_await open_and_wait(g);
                while (g.far.received.size() < data) co_await asio::post(use_awaitable);
                // No idle buffer is there to be written to.
                const_cast<Transport&>(g.pair.server->transport()).release_buffers();
                g.attempt([&] { ending(g); });
                if (!g.failed) g.pair.server->end(DisconnectReason::by_application, "over");
                co_await wait_for_end(g.near);
            };
            f.pair.run(test(f, end));
            CHECK_FALSE(f.threw);
            return f.failed;
        });
        CHECK(failed > 0);
    }
}

namespace {

class FailingCompressor : public Compressor {
public:
    std::size_t bound(std::size_t length) noexcept override { return length; }
    std::size_t compress(Bytes, MutableBytes) override {
        throw Error{ErrorKind::internal, "no compression any more"};
    }
    std::optional<std::size_t> stored_header(std::size_t) const noexcept override {
        return std::nullopt;
    }
    void store_in_place(MutableBytes) noexcept override {}
    void set_level(CompressionLevel) noexcept override {}
};

}  // namespace

TEST_CASE("a farewell that cannot be compressed ends its own session and no more") {
    SessionPair pair;
    const auto test = [](SessionPair& p) -> awaitable<void> {
        while (!p.client_owner.authenticated) co_await asio::post(use_awaitable);
        const_cast<Transport&>(p.server->transport())
            .writer()
            .compress_with(std::make_unique<FailingCompressor>());
        p.server->end(DisconnectReason::by_application, "over");
        while (p.client->running()) co_await asio::post(use_awaitable);
    };
    pair.run(test(pair));
    CHECK(pair.server_end == "as asked");
    CHECK(pair.client_end == "the peer closed the connection");
}

TEST_CASE("while memory is low a connection receives and sends little at once") {
    keep_memory_reserve();
    const IoBudget share;
    CHECK(share.bytes() > IoBudget::least);
    {
        const FailingAllocation failing{1};
        ::operator delete(::operator new(1));  // a new-expression could be optimized away
    }
    CHECK(memory_is_low());
    CHECK(share.bytes() == IoBudget::least);
    CHECK(has_memory());
    CHECK(share.bytes() > IoBudget::least);
    std::set_new_handler(nullptr);
}
