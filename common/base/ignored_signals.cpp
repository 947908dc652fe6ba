#include "common/base/ignored_signals.hpp"

#include <signal.h>

namespace culvert {

void ignore_signals_of_writes() noexcept {
    (void)::signal(SIGPIPE, SIG_IGN);
    (void)::signal(SIGXFSZ, SIG_IGN);
}

bool is_ignored(int signal) noexcept {
    struct sigaction action {};
    return ::sigaction(signal, nullptr, &action) == 0 && action.sa_handler == SIG_IGN;
}

}  // namespace culvert
