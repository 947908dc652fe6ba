#include "client/terminal.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <asio/posix/stream_descriptor.hpp>
#include <asio/read_until.hpp>
#include <asio/redirect_error.hpp>
#include <asio/write.hpp>

#include "common/base/escape.hpp"
#include "common/base/unique_fd.hpp"
#include "common/log/log.hpp"

namespace culvert {
namespace {

constexpr std::size_t longest_answer = 1024;

awaitable<UserAnswer> ask(std::string question) {
    const int fd = ::open("/dev/tty", O_RDWR | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) co_return NoAnswer::no_terminal;
    asio::posix::stream_descriptor terminal{co_await asio::this_coro::executor, fd};
    // The lines before the question: they may explain it.
    flush_log(std::chrono::milliseconds{100});
    std::error_code failure;
    co_await asio::async_write(terminal, asio::buffer(question),
                               asio::redirect_error(use_awaitable, failure));
    std::string answer;
    co_await asio::async_read_until(terminal, asio::dynamic_buffer(answer, longest_answer), '\n',
                                    asio::redirect_error(use_awaitable, failure));
    if (failure) co_return NoAnswer::terminal_closed;
    answer.resize(answer.find('\n'));
    co_return answer;
}

}  // namespace

AskUser ask_on_terminal() { return &ask; }

bool has_terminal() noexcept {
    return static_cast<bool>(UniqueFd{::open("/dev/tty", O_RDWR | O_CLOEXEC | O_NONBLOCK)});
}

}  // namespace culvert
