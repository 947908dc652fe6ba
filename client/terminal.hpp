#pragma once

#include "client/host_key_check.hpp"

namespace culvert {

/// Asks on the controlling terminal, /dev/tty, whatever stdin and stdout are.
AskUser ask_on_terminal();

/// Whether this process has a controlling terminal, one that is not closed.
bool has_terminal() noexcept;

}  // namespace culvert
