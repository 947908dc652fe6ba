#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>

#include "common/base/time.hpp"
#include "common/net/address.hpp"
#include "common/net/awaitable.hpp"
#include "common/net/lookup.hpp"

namespace culvert {

/// Threads that look names up. One is started when all others are busy, and ends when it has been
/// idle for a while. Here is the one lock that the program's threads share; it isn't held during a
/// look-up.
///
/// A look-up can't be interrupted and takes as long as the system's resolver goes on trying. So
/// nobody ever waits for these threads: they are detached and own together what they touch, and an
/// answer that nobody wants any more is dropped. When the program ends, one may still be in
/// getaddrinfo: it uses nothing of ours that has static storage.
class LookupPool {
public:
    using Function = std::function<Lookup(const std::string& host, AddressFamily family)>;

    struct Limits {
        std::size_t threads = 32;
        std::size_t queued = 1024;  ///< names waiting for a thread
        Duration idle = std::chrono::seconds{10};
    };

    /// `function` is called from several threads at once, and may outlive the pool.
    LookupPool(Limits limits, Function function);
    LookupPool(const LookupPool&) = delete;
    LookupPool& operator=(const LookupPool&) = delete;
    /// Closes it.
    ~LookupPool();

    /// Those who wait must have been cancelled and joined. After this no thread of the pool touches
    /// an io_context of theirs, so those go later; nothing can be looked up any more. Never waits.
    void close();

    /// Who asks for what is being looked up already gets the same answer. A full queue is
    /// EAI_AGAIN. For callers on any thread: each goes on on its own. Throws operation_aborted when
    /// cancelled.
    awaitable<std::shared_ptr<const Lookup>> look_up(std::string host, AddressFamily family);

    /// Those that are there now, busy or idle.
    std::size_t threads() const;

private:
    struct State;
    std::shared_ptr<State> state_;
};

}  // namespace culvert
