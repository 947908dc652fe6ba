#include "common/log/log_writer.hpp"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <optional>
#include <regex>
#include <string>
#include <thread>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "common/base/ignored_signals.hpp"
#include "tests/unit/common/base/temporary_folder.hpp"

using namespace culvert;
using namespace std::chrono_literals;

namespace {

std::string lost_line(std::size_t lines, std::string_view why) {
    return fmt::format("{} lines lost: {}\n", lines, why.empty() ? "no room" : why);
}

/// stderr is a pipe of one page while this lives; it is read by the test, or not at all.
class StderrPipe {
public:
    static constexpr int page = 4096;

    StderrPipe() : stderr_{::dup(STDERR_FILENO)} {
        ignore_signals_of_writes();
        std::array<int, 2> ends{};
        REQUIRE(::pipe(ends.data()) == 0);
        REQUIRE(::fcntl(ends[1], F_SETPIPE_SZ, page) >= 0);
        std::fflush(stderr);
        REQUIRE(::dup2(ends[1], STDERR_FILENO) >= 0);
        ::close(ends[1]);
        reader_.emplace(ends[0]);
    }
    StderrPipe(const StderrPipe&) = delete;
    StderrPipe& operator=(const StderrPipe&) = delete;
    ~StderrPipe() { ::dup2(stderr_.get(), STDERR_FILENO); }

    void close_reader() { reader_.reset(); }
    /// A line of a page has been written, and another finds no room.
    void wait_until_full() const {
        int waiting = 0;
        while (waiting < page) {
            REQUIRE(::ioctl(reader_->get(), FIONREAD, &waiting) == 0);
            std::this_thread::yield();
        }
    }
    /// Reads until `wanted` has come.
    std::string read_until(std::string_view wanted) {
        std::array<char, 4096> part{};
        while (text_.find(wanted) == text_.npos) {
            const ssize_t size = ::read(reader_->get(), part.data(), part.size());
            if (size <= 0) break;
            text_.append(part.data(), static_cast<std::size_t>(size));
        }
        return text_;
    }

private:
    UniqueFd stderr_;
    std::optional<UniqueFd> reader_;
    std::string text_;
};

/// A new file for an output.
class LogFile {
public:
    std::shared_ptr<const LogOutput> output() const {
        return std::make_shared<LogOutput>(path_, "test");
    }
    std::string text() const { return folder_.read("log"); }

private:
    TemporaryFolder folder_;
    std::string path_ = folder_.path("log");
};

/// A writer with its thread, which outlives the test.
LogWriter& started_writer(std::size_t capacity = LogWriter::default_capacity) {
    auto& writer = *new LogWriter{&lost_line, capacity};
    writer.start_thread();
    return writer;
}

/// How many lines an output has, written or counted as lost.
std::size_t lines_in(const std::string& text) {
    std::size_t lines = 0;
    std::size_t begin = 0;
    for (std::size_t end = 0; (end = text.find('\n', begin)) != text.npos; begin = end + 1) {
        std::smatch lost;
        const std::string line = text.substr(begin, end - begin);
        const bool counts = std::regex_match(line, lost, std::regex{R"((\d+) lines lost: .*)"});
        lines += counts ? std::stoul(lost[1]) : 1;
    }
    return lines;
}

}  // namespace

TEST_CASE("nothing waits for a pipe that isn't read, and what finds no room is counted") {
    StderrPipe pipe;
    LogWriter& writer = started_writer(16 * 1024);
    const std::string line = std::string(99, 'x') + "\n";
    constexpr std::size_t lines = 1'000;
    for (std::size_t i = 0; i < lines; ++i) writer.write(line);
    const std::string text = pipe.read_until("lines lost");
    CHECK(text.find("lines lost: no room") != text.npos);
    // What comes later stands behind the count.
    writer.write("the end\n");
    const std::string all = pipe.read_until("the end\n");
    CHECK(all.ends_with("the end\n"));
    CHECK(lines_in(all) == lines + 1);
}

TEST_CASE("a pipe whose reader has ended loses lines, and the next output has their count") {
    StderrPipe pipe;
    LogWriter& writer = started_writer();
    pipe.close_reader();
    for (int i = 0; i < 3; ++i) {
        writer.write("lost\n");
        writer.flush(10s);
    }
    const LogFile file;
    writer.set_output(file.output());
    writer.write("kept\n");
    writer.flush(10s);
    CHECK(file.text() == "3 lines lost: broken pipe\nkept\n");
}

TEST_CASE("an output that fails after it was replaced loses no line that waits") {
    StderrPipe pipe;
    LogWriter& writer = started_writer();
    writer.write(std::string(StderrPipe::page - 1, 'x') + "\n");
    for (int i = 0; i < 3; ++i) writer.write(fmt::format("kept {}\n", i));
    pipe.wait_until_full();  // so the thread waits for room in it
    const LogFile file;
    writer.set_output(file.output());
    pipe.close_reader();
    writer.write("last\n");
    writer.flush(10s);
    CHECK(file.text() == "kept 0\nkept 1\nkept 2\nlast\n");
}

TEST_CASE("a full disk loses lines and nothing else") {
    StderrPipe pipe;
    LogWriter& writer = started_writer();
    writer.set_output(std::make_shared<LogOutput>("/dev/full", "test"));
    writer.write("lost\n");
    writer.flush(10s);
    writer.set_output(std::make_shared<LogOutput>());
    writer.write("kept\n");
    CHECK(pipe.read_until("kept\n") == "1 lines lost: no space left on the disk\nkept\n");
}

TEST_CASE("the wait for an output that takes nothing is bounded") {
    StderrPipe pipe;
    LogWriter& writer = started_writer();
    for (int i = 0; i < 3; ++i) writer.write(std::string(4'000, 'x') + "\n");
    writer.write("last\n");
    writer.flush(20ms);  // returns
    CHECK(lines_in(pipe.read_until("last\n")) == 4);
}

TEST_CASE("a line longer than what a pipe takes at once arrives whole") {
    StderrPipe pipe;
    LogWriter& writer = started_writer();
    const std::string line = std::string(20'000, 'y') + "\n";
    writer.write("first\n");
    writer.write(line);
    writer.write("last\n");
    CHECK(pipe.read_until("last\n") == "first\n" + line + "last\n");
}

TEST_CASE("stderr may be non-blocking, since another program shares it") {
    StderrPipe pipe;
    REQUIRE(::fcntl(STDERR_FILENO, F_SETFL, O_NONBLOCK) == 0);
    LogWriter& writer = started_writer();
    const std::string line = std::string(999, 'z') + "\n";
    for (int i = 0; i < 100; ++i) writer.write(line);
    writer.write("last\n");
    CHECK(lines_in(pipe.read_until("last\n")) == 101);
    CHECK((::fcntl(STDERR_FILENO, F_GETFL) & O_NONBLOCK) != 0);
}

TEST_CASE("before the thread a line is written when write() returns") {
    StderrPipe pipe;
    LogWriter writer{&lost_line};
    writer.write("at once\n");
    CHECK(pipe.read_until("\n") == "at once\n");
}

TEST_CASE("a FIFO is not waited for, and its reader gets what was written before it came") {
    const std::string path = "log_fifo." + std::to_string(::getpid());
    REQUIRE(::mkfifo(path.c_str(), 0600) == 0);
    LogWriter& writer = started_writer();
    writer.set_output(std::make_shared<LogOutput>(path, "test"));
    writer.write("early\n");
    writer.flush(10s);
    const UniqueFd reader{::open(path.c_str(), O_RDONLY)};
    std::array<char, 64> text{};
    CHECK(::read(reader.get(), text.data(), text.size()) == 6);
    ::unlink(path.c_str());
}
