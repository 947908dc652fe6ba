#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

#include "common/pacing/limits.hpp"

namespace culvert {

/// The memory that the receive windows of all connections of the process may claim together. A
/// window is a promise to keep what its peer sends as long as the stream's reader takes nothing, so
/// its size is claimed when it is granted. Used by all threads at once; all in bytes.
class WindowBudget {
public:
    explicit WindowBudget(std::uint64_t limit) noexcept : limit_{limit} {}
    WindowBudget(const WindowBudget&) = delete;
    WindowBudget& operator=(const WindowBudget&) = delete;

    /// Claims beyond a lower one are given back as streams go on.
    void set_limit(std::uint64_t limit) noexcept { limit_.store(limit, std::memory_order_relaxed); }

    /// False where the channels that there are have claimed twice the limit: they have no more than
    /// `least` each by then, and no other should be opened.
    bool has_room() const noexcept {
        return claimed() < limits::window_memory::overcommitment * limit();
    }
    /// A new channel's first claim: `wanted`, or less where there are many channels, but never less
    /// than `least`, even where that passes the limit. Given back with close().
    std::uint32_t open(std::uint32_t wanted) noexcept;
    void close(std::uint32_t claim) noexcept;

    /// Adds to a claim: all of `more`, or as much of it as leaves the claim at most a quarter of
    /// what is left unclaimed (the dynamic threshold of Choudhury and Hahne, 1998). So one channel
    /// has its fifth at most, many share, and there is always something left for the next.
    std::uint32_t grow(std::uint32_t claim, std::uint32_t more) noexcept;
    void shrink(std::uint32_t by) noexcept { claimed_.fetch_sub(by, std::memory_order_relaxed); }

    /// Bytes that are kept although their window is gone.
    class Claim {
    public:
        Claim(std::shared_ptr<WindowBudget> budget, std::size_t bytes) noexcept
            : budget_{std::move(budget)}, bytes_{bytes} {
            budget_->claimed_.fetch_add(bytes_, std::memory_order_relaxed);
        }
        Claim(const Claim&) = delete;
        Claim& operator=(const Claim&) = delete;
        ~Claim() { budget_->claimed_.fetch_sub(bytes_, std::memory_order_relaxed); }

    private:
        std::shared_ptr<WindowBudget> budget_;
        std::size_t bytes_;
    };

    /// True once nearly all is claimed: a window with more than a fair share then shrinks.
    bool is_short() const noexcept;
    std::uint64_t fair_share() const noexcept;
    std::uint64_t claimed() const noexcept { return claimed_.load(std::memory_order_relaxed); }

    static constexpr std::uint32_t least = limits::window_memory::least;

private:
    std::uint64_t limit() const noexcept { return limit_.load(std::memory_order_relaxed); }

    std::atomic<std::uint64_t> limit_;
    std::atomic<std::uint64_t> claimed_{0};
    std::atomic<std::size_t> channels_{0};
};

/// What a process claims at most unless it is told otherwise: a quarter of the machine's memory or
/// 1 GiB, whichever is less.
std::uint64_t default_window_memory(std::uint64_t memory_of_the_machine) noexcept;

}  // namespace culvert
