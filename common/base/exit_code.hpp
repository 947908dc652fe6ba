#pragma once

#include "common/base/error.hpp"

namespace culvert {

/// What both programs end with (docs/contract.md).
enum ExitCode : int {
    exit_as_asked = 0,
    exit_work_failed = 1,  ///< connection, authentication, host key, forward, port in use
    exit_bad_input = 2,    ///< what the user wrote is wrong
};

inline ExitCode exit_code(const Error& error) noexcept {
    const bool bad_input = error.kind() == ErrorKind::usage || error.kind() == ErrorKind::config;
    return bad_input ? exit_bad_input : exit_work_failed;
}

}  // namespace culvert
