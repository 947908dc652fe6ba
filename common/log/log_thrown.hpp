#pragma once

#include <exception>

#include "common/base/error.hpp"
#include "common/log/log.hpp"

namespace culvert {

/// For what a handler threw that nothing else takes care of: see run_context().
inline void log_thrown(const std::exception_ptr& thrown) {
    log_error("going on after an error: {}", text_of_exception(thrown));
}

}  // namespace culvert
