#pragma once

#include <initializer_list>

#include <asio/signal_set.hpp>

#include "common/base/ignored_signals.hpp"

namespace culvert {

/// The set catches these, except for those that the program was started to ignore.
inline void add_unless_ignored(asio::signal_set& set, std::initializer_list<int> signals) {
    for (const int signal : signals) {
        if (!is_ignored(signal)) set.add(signal);
    }
}

}  // namespace culvert
