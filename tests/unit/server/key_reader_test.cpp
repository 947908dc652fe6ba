#include "server/key_reader.hpp"

#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>

#include <asio/io_context.hpp>

#include "common/base/error.hpp"
#include "common/net/task_group.hpp"
#include "tests/unit/common/net/run.hpp"

using namespace culvert;
using namespace std::chrono_literals;

namespace {

/// A file system on which files that begin with "slow" are read when the gate is opened. A thread
/// that is stuck in it outlives the test: they share it.
class FileSystem {
public:
    static auto reader(std::shared_ptr<FileSystem> files) {
        return [files = std::move(files)](const KeyFile& file) { return files->read(file.path); };
    }

    void open() {
        const std::lock_guard lock{mutex_};
        open_ = true;
        changed_.notify_all();
    }

    void wait_for_read() {
        std::unique_lock lock{mutex_};
        changed_.wait(lock, [&] { return reads_ > 0; });
    }

    int reads() {
        const std::lock_guard lock{mutex_};
        return reads_;
    }

private:
    std::string read(const std::string& path) {
        std::unique_lock lock{mutex_};
        const int number = ++reads_;
        changed_.notify_all();
        changed_.wait(lock, [&] { return open_ || !path.starts_with("slow"); });
        if (path == "bad") throw Error{ErrorKind::config, "bad: no such file"};
        return path + " " + std::to_string(number);
    }

    std::mutex mutex_;
    std::condition_variable changed_;
    bool open_ = false;
    int reads_ = 0;
};

awaitable<void> read(KeyReader& reader, std::string path, std::string& result) {
    try {
        KeyFile file{std::move(path), {}};
        const auto text = co_await reader.text_of(std::move(file));
        result = *text;
    } catch (const Error& error) {
        result = error.what();
    }
}

TaskGroup::OnError unexpected() {
    return [](const std::exception_ptr& thrown) { FAIL_CHECK(text_of_exception(thrown)); };
}

awaitable<void> reads_beside_slow_ones(KeyReader& reader, FileSystem& files) {
    TaskGroup group{co_await asio::this_coro::executor, unexpected()};
    std::string slow;
    std::string other_slow;
    group.spawn(read(reader, "slow", slow));
    group.spawn(read(reader, "slow, too", other_slow));
    // This thread goes on, and so does another login.
    std::string quick;
    co_await read(reader, "quick", quick);
    CHECK(quick.starts_with("quick "));
    CHECK(slow.empty());
    files.open();
    while (!group.empty()) co_await turn();
    CHECK(slow.starts_with("slow "));
    CHECK(other_slow.starts_with("slow, too "));
}

awaitable<void> asks_again_while_it_is_read(KeyReader& reader, FileSystem& files) {
    TaskGroup group{co_await asio::this_coro::executor, unexpected()};
    std::string first;
    std::string second;
    std::string third;
    group.spawn(read(reader, "slow", first));
    files.wait_for_read();
    group.spawn(read(reader, "slow", second));
    group.spawn(read(reader, "slow", third));
    co_await turn();
    CHECK(files.reads() == 1);
    files.open();
    while (!group.empty()) co_await turn();
    CHECK(first == "slow 1");
    CHECK(second.starts_with("slow "));
    CHECK(second != first);
    CHECK(third.starts_with("slow "));
    CHECK(third != first);
}

}  // namespace

TEST_CASE("a file that isn't read holds up neither its thread nor other files") {
    asio::io_context io;
    const auto files = std::make_shared<FileSystem>();
    KeyReader reader{1h, FileSystem::reader(files)};
    run(io, reads_beside_slow_ones(reader, *files));
}

TEST_CASE("nobody gets a text that is older than his question; a slow file costs one thread") {
    asio::io_context io;
    const auto files = std::make_shared<FileSystem>();
    KeyReader reader{1h, FileSystem::reader(files)};
    run(io, asks_again_while_it_is_read(reader, *files));
}

TEST_CASE("a file that is not read in time lets nobody in") {
    asio::io_context io;
    const auto files = std::make_shared<FileSystem>();
    KeyReader reader{2ms, FileSystem::reader(files)};
    std::string result;
    run(io, read(reader, "slow", result));
    CHECK(result == "slow: not read within 0.002 s: it lets nobody in for now");
    files->open();
}

TEST_CASE("a file that can't be read lets nobody in") {
    asio::io_context io;
    KeyReader reader{1h, FileSystem::reader(std::make_shared<FileSystem>())};
    std::string result;
    run(io, read(reader, "bad", result));
    CHECK(result == "bad: no such file");
}
