#pragma once

#include <cstddef>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>

#include "common/base/ip_address.hpp"
#include "common/crypto/random.hpp"
#include "server/config.hpp"

namespace culvert {

/// Counts the connections that have not logged in yet, and turns new ones away when there are too
/// many: from one source, or in all (sshd's MaxStartups). Shared by all threads, and outlives every
/// ticket.
class Admission {
public:
    /// One connection that has not logged in. When it goes, there is room for another.
    class Ticket {
    public:
        Ticket(Ticket&& other) noexcept
            : owner_{std::exchange(other.owner_, nullptr)}, source_{std::move(other.source_)} {}
        Ticket& operator=(Ticket&&) = delete;
        ~Ticket() {
            if (owner_ != nullptr) owner_->release(source_);
        }

    private:
        friend class Admission;
        Ticket(Admission& owner, std::string source) noexcept
            : owner_{&owner}, source_{std::move(source)} {}

        Admission* owner_;
        std::string source_;
    };

    explicit Admission(Random& random) noexcept : random_{random} {}

    /// Empty: turned away.
    std::optional<Ticket> admit(const IpAddress& source, const ServerLimits& limits);

private:
    void release(const std::string& source) noexcept;
    bool drops(std::size_t waiting, const MaxStartups& limit);

    Random& random_;
    std::mutex mutex_;
    std::size_t waiting_ = 0;
    std::unordered_map<std::string, std::size_t> waiting_by_source_;
};

}  // namespace culvert
