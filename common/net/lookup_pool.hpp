#pragma once

#include <compare>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>

#include "common/net/address.hpp"
#include "common/net/awaitable.hpp"
#include "common/net/blocking_call_pool.hpp"
#include "common/net/lookup.hpp"

namespace culvert {

/// The threads that look names up: so many dead names delay no other.
class LookupPool {
public:
    using Function = std::function<Lookup(const std::string& host, AddressFamily family)>;
    using Limits = BlockingCallLimits;

    /// `function` is called from several threads at once, and may outlive the pool.
    LookupPool(Limits limits, Function function);

    /// See BlockingCallPool.
    void close() { pool_.close(); }

    /// A full queue is EAI_AGAIN. Throws operation_aborted when cancelled.
    awaitable<std::shared_ptr<const Lookup>> look_up(std::string host, AddressFamily family);

    std::size_t threads() const { return pool_.threads(); }

private:
    struct Name {
        std::string host;
        AddressFamily family{};
        friend auto operator<=>(const Name&, const Name&) = default;
    };
    struct Result : Lookup {
        explicit Result(Lookup lookup) : Lookup{std::move(lookup)} {}
        explicit Result(const NoResult& none);
    };

    BlockingCallPool<Name, Result> pool_;
};

}  // namespace culvert
