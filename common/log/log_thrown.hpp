#pragma once

#include <exception>
#include <string_view>

#include "common/base/error.hpp"
#include "common/log/log.hpp"

namespace culvert {

/// For what a handler threw that nothing else takes care of: see run_context().
inline void log_thrown(const std::exception_ptr& thrown) {
    log_error("going on after an error: {}", text_of_exception(thrown));
}

/// For what failed without the program's end: its reason, and an Error's hint.
inline void log_not_done(std::string_view what, const std::exception_ptr& thrown) noexcept {
    try {
        try {
            std::rethrow_exception(thrown);
        } catch (const Error& error) {
            log_error(with_context(what, error));
        } catch (const std::exception& error) {
            log_error("{}: {}", what, error.what());
        }
    } catch (...) {
        log_line(LogLevel::error, what);  // without memory for the reason
    }
}

}  // namespace culvert
