#pragma once

#include "client/host_key_check.hpp"

namespace culvert {

/// Asks on the controlling terminal, /dev/tty, whatever stdin and stdout are.
AskUser ask_on_terminal();

}  // namespace culvert
