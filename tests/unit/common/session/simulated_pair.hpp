#pragma once

#include <deque>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include <doctest/doctest.h>
#include <asio/io_context.hpp>

#include "common/net/pause.hpp"
#include "common/net/task_group.hpp"
#include "common/session/session.hpp"
#include "tests/unit/allocations.hpp"
#include "tests/unit/common/crypto/test_random.hpp"
#include "tests/unit/common/net/faulty_link.hpp"
#include "tests/unit/common/session/session_pair.hpp"
#include "tests/unit/virtual_time.hpp"

namespace culvert::test {

/// How a session's run() ended.
struct SessionEnd {
    bool as_asked = false;
    bool out_of_memory = false;
    std::string text;
    std::exception_ptr unexpected;
};

/// Takes its time for an answer, and calls back when there is something to do.
class SimulatedOwner : public Owner {
public:
    using Owner::Owner;

    awaitable<void> check_host_key(PublicKey key) override {
        co_await pause(answer_time);
        auto checked = Owner::check_host_key(std::move(key));
        co_await std::move(checked);
    }
    awaitable<std::optional<ByteVector>> sign(SignatureWanted wanted) override {
        co_await pause(answer_time);
        auto signature = Owner::sign(std::move(wanted));
        co_return co_await std::move(signature);
    }
    awaitable<bool> allows(PublicKeyRequest) override {
        co_await pause(answer_time);
        co_return true;
    }
    awaitable<ByteVector> sign_host(HostSignatureWanted wanted) override {
        co_await pause(answer_time);
        auto signature = Owner::sign_host(std::move(wanted));
        co_return co_await std::move(signature);
    }

    void on_ready() override { opens(); }
    void on_channel_requested(ChannelRequested request) override { accepts(std::move(request)); }
    void on_no_channels() override { is_done(); }

    Duration answer_time{};
    std::function<void()> opens = [] {};
    std::function<void(ChannelRequested)> accepts = [](ChannelRequested) {};
    std::function<void()> is_done = [] {};
};

/// Two sessions on virtual time, joined by a link with faults. Nothing in it depends on anything
/// but its arguments: the same ones bring the same run, handler by handler.
class SimulatedPair {
public:
    using Adjust = std::function<void(EngineConfig& client, EngineConfig& server)>;

    explicit SimulatedPair(
        const LinkFaults& faults = {}, std::optional<LinkCut> cut = {},
        const Adjust& adjust = [](EngineConfig&, EngineConfig&) {})
        : link{context, faults, cut},
          random_{faults.seed},
          client_owner{key()},
          server_owner{key()},
          client_task{context.get_executor(), [this](auto e) { keep(client_end, e); }},
          server_task{context.get_executor(), [this](auto e) { keep(server_end, e); }},
          others{context.get_executor(), [this](auto e) { thrown_elsewhere = std::move(e); }} {
        make_room_for_timers();
        EngineConfig client_config = config_of_client(key());
        EngineConfig server_config = config_of_server(key());
        adjust(client_config, server_config);
        client.emplace(link.take_end(0), std::move(client_config), random_, client_owner,
                       static_cast<ClientLogin*>(&client_owner));
        server.emplace(link.take_end(1), std::move(server_config), random_, server_owner,
                       static_cast<ServerLogin*>(&server_owner));
        client_task.spawn(live(*client, client_end));
        server_task.spawn(live(*server, server_end));
    }

    /// Runs one handler, or lets time pass. False once both sessions and all tasks are over.
    /// What cannot end, since nothing will happen any more or for too long, fails the test.
    bool step() {
        if (client_task.empty() && server_task.empty() && others.empty()) return false;
        auto step = VirtualRun::Step::ran;
        try {
            step = run_.step();
        } catch (const std::bad_alloc&) {
            // As run_context() has it: that handler is over, and the others go on.
            threw = true;
        }
        if (step == VirtualRun::Step::ran && took() < longest) return true;
        give_up();
        return true;
    }
    void run() {
        while (step()) {
        }
    }
    /// Runs what is left of the test's own, once all is over.
    void settle() {
        while (run_.step() == VirtualRun::Step::ran) {
        }
    }
    std::size_t handlers() const noexcept { return run_.handlers(); }
    Duration took() const noexcept { return time.now() - begun_; }

    /// Longer than all deadlines of a session together.
    static constexpr Duration longest = std::chrono::hours{2};

    VirtualTime time;
    asio::io_context context;
    FaultyLink link;

private:
    static std::shared_ptr<const PrivateKey> key() {
        static SeededRandom random{1};
        static const auto made =
            std::make_shared<const PrivateKey>(PrivateKey::generate(random, "a test"));
        return made;
    }

    SeededRandom random_;
    VirtualRun run_{time, context};
    TimePoint begun_ = time.now();

public:
    SimulatedOwner client_owner;
    SimulatedOwner server_owner;
    std::optional<Session> client;
    std::optional<Session> server;
    SessionEnd client_end;
    SessionEnd server_end;
    std::exception_ptr thrown_elsewhere;
    bool hung = false;
    bool threw = false;  ///< a handler
    TaskGroup client_task;
    TaskGroup server_task;
    TaskGroup others;  ///< of the test

private:
    void give_up() {
        const Sheltered sheltered;
        REQUIRE(!hung);
        hung = true;
        FAIL_CHECK("it waits for ever; the client's end: ", client_end.text,
                   ", the server's end: ", server_end.text);
        for (TaskGroup* const tasks : {&client_task, &server_task, &others}) tasks->cancel();
        begun_ = time.now();
    }

    /// Asio's queue of timers grows where a coroutine begins to wait, and ends the program where it
    /// can't (see MayFail).
    void make_room_for_timers() {
        std::deque<Timer> timers;
        for (int i = 0; i < 64; ++i) {
            timers.emplace_back(context.get_executor(), longest).async_wait([](std::error_code) {});
        }
    }

    static awaitable<void> live(Session& session, SessionEnd& end) {
        try {
            co_await session.run();
            end.as_asked = true;
        } catch (const Error& error) {
            const Sheltered sheltered;
            end.text = error.what();
        }
    }
    /// What is no Error ends a session only if the test brings it about.
    static void keep(SessionEnd& end, const std::exception_ptr& thrown) {
        const Sheltered sheltered;
        end.text = text_of_exception(thrown);
        try {
            std::rethrow_exception(thrown);
        } catch (const std::bad_alloc&) {
            end.out_of_memory = true;
        } catch (const std::system_error& error) {
            end.out_of_memory = error.code() == asio::error::no_memory;
        } catch (...) {
        }
        if (!end.out_of_memory) end.unexpected = thrown;
    }
};

}  // namespace culvert::test
