#include "client/login_serializer.hpp"

#include <string>

#include <asio/io_context.hpp>
#include <asio/post.hpp>

#include "common/base/error.hpp"
#include "common/net/task_group.hpp"
#include "tests/unit/common/net/run.hpp"

namespace culvert {
namespace {

TaskGroup::OnError report() {
    return [](const std::exception_ptr& thrown) { FAIL_CHECK(text_of_exception(thrown)); };
}

/// Three connections; `log` has who got a turn, in order.
struct Scene {
    asio::io_context io;
    LoginSerializer turns{3};
    std::string log;
    TaskGroup tasks{io.get_executor(), report()};

    static awaitable<void> take(Scene& scene, std::size_t connection) {
        co_await scene.turns.take(connection);
        scene.log += std::to_string(connection);
    }
    /// What has been asked for and given after `connection` asks too.
    std::string ask(std::size_t connection) {
        tasks.spawn(take(*this, connection));
        return settle();
    }
    std::string settle() {
        io.restart();
        io.poll();
        return log;
    }
    void end() {
        const auto join = [](TaskGroup& group) -> awaitable<void> { co_await group.join(); };
        run(io, join(tasks));
    }
};

}  // namespace

TEST_CASE("the first one begins, whoever asks first") {
    Scene scene;
    CHECK(scene.ask(2) == "");
    CHECK(scene.ask(0) == "0");
    scene.turns.on_up(0);
    CHECK(scene.settle() == "02");
    scene.end();
}

TEST_CASE("one logs in, and then the others, one at a time") {
    Scene scene;
    CHECK(scene.ask(0) == "0");
    CHECK(scene.ask(1) == "0");
    CHECK(scene.ask(2) == "0");
    scene.turns.on_up(0);
    CHECK(scene.settle() == "01");
    scene.turns.on_up(1);
    CHECK(scene.settle() == "012");
    scene.end();
}

TEST_CASE("while none is up the one that began goes on trying, and the others wait") {
    Scene scene;
    CHECK(scene.ask(0) == "0");
    scene.ask(1);
    scene.turns.on_lost(0);
    CHECK(scene.settle() == "0");
    CHECK(scene.ask(0) == "00");
    scene.turns.on_up(0);
    CHECK(scene.settle() == "001");
    scene.end();
}

TEST_CASE("beside one that is up a failure gives the turn to the next") {
    Scene scene;
    scene.ask(0);
    scene.turns.on_up(0);
    CHECK(scene.ask(1) == "01");
    CHECK(scene.ask(2) == "01");
    scene.turns.on_lost(1);
    CHECK(scene.settle() == "012");
    scene.end();
}

TEST_CASE("when all are lost the first to ask tries for all") {
    Scene scene;
    for (std::size_t i = 0; i < 3; ++i) {
        scene.ask(i);
        scene.turns.on_up(i);
    }
    for (std::size_t i = 0; i < 3; ++i) scene.turns.on_lost(i);
    CHECK(scene.turns.up() == 0);
    CHECK(scene.ask(2) == "0122");
    scene.turns.on_lost(2);
    CHECK(scene.ask(0) == "0122");
    CHECK(scene.ask(2) == "01222");
    scene.end();
}

TEST_CASE("one that won't try again holds nobody up") {
    Scene scene;
    scene.ask(0);
    scene.ask(1);
    scene.turns.on_over(0);
    CHECK(scene.settle() == "01");
    scene.end();
}

TEST_CASE("one that is cancelled while it waits is passed over") {
    Scene scene;
    scene.ask(0);
    TaskGroup leaving{scene.io.get_executor(), report()};
    leaving.spawn(Scene::take(scene, 1));
    scene.ask(2);
    leaving.cancel();
    CHECK(scene.settle() == "0");
    scene.turns.on_up(0);
    CHECK(scene.settle() == "02");
    CHECK(leaving.empty());
    scene.end();
}

}  // namespace culvert
