#pragma once

#include <exception>
#include <functional>

#include <asio/io_context.hpp>

namespace culvert {

/// Runs the context until nothing is left to do there. What a handler throws is reported and ends
/// that handler alone: the connections on this thread have nothing to do with each other.
inline void run_context(asio::io_context& context,
                        const std::function<void(const std::exception_ptr&)>& on_error) {
    for (;;) {
        try {
            context.run();
            return;
        } catch (...) {
            try {
                on_error(std::current_exception());
            } catch (...) {
                // There is no memory to report it with.
            }
        }
    }
}

}  // namespace culvert
