#pragma once

#include <functional>
#include <string_view>

#include <asio/io_context.hpp>
#include <asio/signal_set.hpp>

#include "client/terminal.hpp"
#include "common/net/awaitable.hpp"

namespace culvert {

/// The signals of a running client: those that end it are waited for, the others are obeyed as they
/// come. One that was ignored at the program's start stays ignored.
class ClientSignals {
public:
    /// `obey` is called with a signal that doesn't end the program. What it throws is logged.
    ClientSignals(asio::io_context& context, std::function<void(int)> obey);

    /// The next one that ends the program: SIGTERM, SIGINT, or SIGHUP because the terminal was
    /// closed. 0 if none is waited for any more. One coroutine at a time waits.
    awaitable<int> next_end();
    /// From here on next_end() returns 0.
    void stop_waiting();

    /// The program may have left its terminal. What has none isn't ended by SIGHUP.
    void look_for_terminal() { has_terminal_ = has_terminal(); }

private:
    asio::signal_set signals_;
    std::function<void(int)> obey_;
    bool has_terminal_ = has_terminal();
    bool waits_ = true;
};

/// For a log line.
std::string_view name_of_end(int signal);

}  // namespace culvert
