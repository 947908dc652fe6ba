// A connection asks its Broker for the host key's signature, which may take its time or fail.
#include <optional>
#include <string>
#include <utility>

#include <doctest/doctest.h>
#include <asio/io_context.hpp>
#include <asio/post.hpp>

#include "common/keys/private_key.hpp"
#include "common/net/address.hpp"
#include "common/net/task_group.hpp"
#include "common/net/timeout.hpp"
#include "server/server_connection.hpp"
#include "tests/unit/common/session/session_pair.hpp"

using namespace culvert;

namespace {

/// Lets everybody in. It signs once for each time that it is allowed to.
class SlowBroker final : public Broker {
public:
    explicit SlowBroker(Random& random) : key_{PrivateKey::generate(random, "host")} {}

    const PublicKey& host_key() const noexcept override { return key_.public_key(); }
    awaitable<ByteVector> sign_host_key(std::string algorithm, ByteVector data) override {
        CHECK(algorithm == "ssh-ed25519");
        ++asked;
        was_asked.set();
        co_await may_answer.wait();
        may_answer.reset();
        if (fails) throw Error{ErrorKind::internal, "the process with the key is gone"};
        co_return key_.sign(data);
    }
    awaitable<KeyLookup> look_up_key(KeyQuestion) override {
        KeyLookup found;
        found.allowed.emplace();
        co_return found;
    }
    awaitable<Reached> connect(const Subject&, const DirectTcpip&) override {
        Reached nothing = Unreached{};
        co_return nothing;
    }

    awaitable<std::vector<asio::ip::tcp::endpoint>> resolve_bind_address(Endpoint) override {
        std::vector<asio::ip::tcp::endpoint> nothing;
        co_return nothing;
    }
    awaitable<std::vector<UniqueFd>> bind(std::vector<asio::ip::tcp::endpoint>,
                                          std::vector<BoundSocket>) override {
        std::vector<UniqueFd> nothing;
        co_return nothing;
    }

    int asked = 0;
    Event was_asked;
    Event may_answer;
    bool fails = false;

private:
    PrivateKey key_;
};

/// A daemon's connection and its client, joined by loopback, on one io_context.
class Scene {
public:
    Scene()
        : user_key_{std::make_shared<const PrivateKey>(PrivateKey::generate(random_, "user"))},
          broker{std::make_shared<SlowBroker>(random_)},
          owner{user_key_},
          server_tasks{context_.get_executor(), &fail} {
        TcpAcceptor acceptor{context_,
                             asio::ip::tcp::endpoint{asio::ip::address_v4::loopback(), 0}};
        TcpSocket near{context_};
        near.connect(acceptor.local_endpoint());
        asio::ip::tcp::endpoint peer;
        TcpSocket far = acceptor.accept(peer);
        near.non_blocking(true);
        far.non_blocking(true);

        const auto config = std::make_shared<const ServerConfig>(default_server_config());
        auto ticket = admission_.admit(to_ip_address(peer.address()), config->limits);
        connection_.emplace(ServerContext{config, std::make_shared<WindowBudget>(1 << 30), broker,
                                          random_, repeats_},
                            std::move(far), peer, *std::move(ticket));
        EngineConfig of_client;
        of_client.transport.role = Role::client;
        of_client.transport.algorithms.ciphers = default_ciphers();
        of_client.transport.rekey.time = std::chrono::milliseconds{1};
        of_client.identities = {"alice", {user_key_->public_key()}, {}};
        client.emplace(std::move(near), std::move(of_client), random_, owner,
                       static_cast<ClientLogin*>(&owner));
    }

    /// Runs `test` beside both ends until both have ended. The test ends one of them.
    void run(awaitable<void> test) {
        TaskGroup tasks{context_.get_executor(), &fail};
        server_tasks.spawn(run_server());
        tasks.spawn(run_client());
        tasks.spawn(limited(std::move(test)));
        context_.run();
    }

private:
    static void fail(const std::exception_ptr& thrown) { FAIL_CHECK(text_of_exception(thrown)); }

    awaitable<void> run_server() {
        co_await connection_->run();
        server_over.set();
    }
    awaitable<void> run_client() {
        try {
            co_await client->run();
        } catch (const Error& error) {
            client_end = error.what();
        }
        client_over.set();
    }
    awaitable<void> limited(awaitable<void> test) {
        const bool in_time =
            co_await with_timeout(std::move(test), std::chrono::minutes{1} * time_factor());
        CHECK(in_time);
        client->end(DisconnectReason::by_application, "the test is over");
        broker->may_answer.set();
    }

    asio::io_context context_;
    SystemRandom random_;
    ServerRepeatLimits repeats_;
    Admission admission_{random_};
    std::shared_ptr<const PrivateKey> user_key_;
    std::optional<ServerConnection> connection_;

public:
    std::shared_ptr<SlowBroker> broker;
    test::Owner owner;
    std::optional<Session> client;
    std::string client_end = "as asked";
    Event client_over;
    Event server_over;
    TaskGroup server_tasks;  ///< goes first: what it runs uses the rest
};

awaitable<void> wait_until_asked(Scene& scene) {
    co_await scene.broker->was_asked.wait();
    scene.broker->was_asked.reset();
}

awaitable<void> log_in(Scene& scene) {
    co_await wait_until_asked(scene);
    scene.broker->may_answer.set();
    co_await scene.owner.ready.wait();
}

/// All that is ready now has been done.
awaitable<void> settle() {
    for (int i = 0; i < 100; ++i) co_await turn();
}

constexpr const char* told_of_failure = "the peer ended the connection: the other side can't go on";

}  // namespace

TEST_CASE("a login, and each rekey after it, wait for the broker to sign") {
    const auto test = [](Scene& scene) -> awaitable<void> {
        co_await wait_until_asked(scene);
        co_await settle();
        CHECK_FALSE(scene.owner.ready.is_set());
        scene.broker->may_answer.set();
        co_await scene.owner.ready.wait();
        for (int rekeys = 0; rekeys < 3; ++rekeys) {
            co_await wait_until_asked(scene);
            CHECK(scene.broker->asked == rekeys + 2);
            co_await settle();
            CHECK(scene.owner.rekeys == rekeys);
            scene.broker->may_answer.set();
            while (scene.owner.rekeys == rekeys) co_await turn();
        }
    };
    Scene scene;
    scene.run(test(scene));
    CHECK(scene.owner.authenticated);
    CHECK(scene.client_end == "as asked");
}

TEST_CASE("a signature that fails ends the connection, at the login and at a rekey") {
    const auto fail_at_login = [](Scene& scene) -> awaitable<void> {
        scene.broker->fails = true;
        co_await wait_until_asked(scene);
        scene.broker->may_answer.set();
        co_await scene.client_over.wait();
        co_await scene.server_over.wait();
    };
    Scene at_login;
    at_login.run(fail_at_login(at_login));
    CHECK(at_login.client_end == told_of_failure);
    CHECK_FALSE(at_login.owner.authenticated);

    const auto fail_at_rekey = [](Scene& scene) -> awaitable<void> {
        co_await log_in(scene);
        co_await wait_until_asked(scene);
        scene.broker->fails = true;
        scene.broker->may_answer.set();
        co_await scene.client_over.wait();
        co_await scene.server_over.wait();
    };
    Scene at_rekey;
    at_rekey.run(fail_at_rekey(at_rekey));
    CHECK(at_rekey.client_end == told_of_failure);
    CHECK(at_rekey.owner.authenticated);
}

TEST_CASE("a client that leaves while the broker signs is found gone after it") {
    const auto test = [](Scene& scene) -> awaitable<void> {
        co_await wait_until_asked(scene);
        scene.client->end(DisconnectReason::by_application, "too slow");
        co_await scene.client_over.wait();
        co_await settle();
        CHECK_FALSE(scene.server_over.is_set());
        scene.broker->may_answer.set();
        co_await scene.server_over.wait();
    };
    Scene scene;
    scene.run(test(scene));
    CHECK(scene.broker->asked == 1);
}

TEST_CASE("a daemon that ends doesn't wait for the broker to sign") {
    const auto test = [](Scene& scene) -> awaitable<void> {
        co_await wait_until_asked(scene);
        scene.server_tasks.cancel();
        co_await scene.server_over.wait();
        CHECK_FALSE(scene.broker->may_answer.is_set());
        co_await scene.client_over.wait();
    };
    Scene scene;
    scene.run(test(scene));
    CHECK(scene.client_end != "as asked");
}
