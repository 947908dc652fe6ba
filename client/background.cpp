#include "client/background.hpp"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <system_error>

#include "common/base/error.hpp"
#include "common/log/log.hpp"

namespace culvert {
namespace {

Error cant_fork() {
    return Error{ErrorKind::internal,
                 "can't go to the background: " + std::generic_category().message(errno)};
}

[[noreturn]] void wait_for(UniqueFd from_child, pid_t child) {
    char ready = 0;
    ssize_t length = 0;
    do {
        length = ::read(from_child.get(), &ready, 1);
    } while (length < 0 && errno == EINTR);
    if (length == 1) _exit(EXIT_SUCCESS);
    int status = 0;
    waitpid(child, &status, 0);
    _exit(WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_FAILURE);
}

}  // namespace

Background Background::enter() {
    std::array<int, 2> ends{};
    if (pipe2(ends.data(), O_CLOEXEC) != 0) throw cant_fork();
    UniqueFd from_child{ends[0]};
    UniqueFd to_parent{ends[1]};
    const pid_t child = fork();
    if (child < 0) throw cant_fork();
    if (child > 0) {
        to_parent = UniqueFd{};
        wait_for(std::move(from_child), child);
    }
    return Background{std::move(to_parent)};
}

void Background::ready(BackgroundStderr messages) {
    flush_log();
    // Until here the terminal is the user's, to be asked on and to type Ctrl-C.
    setsid();
    const UniqueFd nothing{::open("/dev/null", O_RDWR | O_CLOEXEC)};
    dup2(nothing.get(), STDIN_FILENO);
    dup2(nothing.get(), STDOUT_FILENO);
    if (messages == BackgroundStderr::is_let_go) dup2(nothing.get(), STDERR_FILENO);
    const char ready = 1;
    (void)!::write(to_parent_.get(), &ready, 1);
    to_parent_ = UniqueFd{};
}

}  // namespace culvert
