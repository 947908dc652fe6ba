#include "client/client_signals.hpp"

#include <signal.h>

#include <exception>
#include <system_error>
#include <utility>

#include <asio/redirect_error.hpp>

#include "common/log/log_thrown.hpp"
#include "common/net/signals.hpp"

namespace culvert {

ClientSignals::ClientSignals(asio::io_context& context, std::function<void(int)> obey)
    : signals_{context}, obey_{std::move(obey)} {
    add_unless_ignored(signals_, {SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGUSR2});
}

awaitable<int> ClientSignals::next_end() {
    while (waits_) {
        std::error_code cancelled;
        const int signal =
            co_await signals_.async_wait(asio::redirect_error(use_awaitable, cancelled));
        if (cancelled) break;
        // A closed terminal asks for no new log: no one could end the program from it.
        const bool is_hangup = signal == SIGHUP && has_terminal_ && !has_terminal();
        if (is_hangup || signal == SIGTERM || signal == SIGINT) co_return signal;
        try {
            obey_(signal);
        } catch (const std::exception&) {
            // The next one is waited for all the same: it may be the one that ends the program.
            log_not_done("a signal wasn't obeyed", std::current_exception());
        }
    }
    co_return 0;
}

void ClientSignals::stop_waiting() {
    waits_ = false;
    signals_.cancel();
}

std::string_view name_of_end(int signal) {
    if (signal == SIGTERM) return "SIGTERM";
    return signal == SIGINT ? "SIGINT" : "the terminal was closed";
}

}  // namespace culvert
