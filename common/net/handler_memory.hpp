#pragma once

#include <array>
#include <cassert>
#include <cstddef>
#include <utility>

#include <asio/execution/allocator.hpp>
#include <asio/execution/blocking.hpp>
#include <asio/execution/execute.hpp>
#include <asio/execution/relationship.hpp>
#include <asio/require.hpp>

#include "common/net/on_io_context.hpp"

namespace culvert {

/// Where one handler lies from the moment it is posted until it runs. Posting it allocates nothing,
/// so that it cannot fail. It must outlive the handler.
template <std::size_t size>
class HandlerMemory {
public:
    /// For asio::execution::allocator: hands out the memory, to one handler at a time.
    template <class T>
    class Allocator {
    public:
        using value_type = T;

        explicit Allocator(HandlerMemory& memory) noexcept : memory_{&memory} {}
        template <class U>
        Allocator(const Allocator<U>& other) noexcept : memory_{other.memory()} {}

        T* allocate([[maybe_unused]] std::size_t count) noexcept {
            static_assert(sizeof(T) <= size && alignof(T) <= alignof(std::max_align_t));
            assert(count == 1 && !memory_->used_);
            memory_->used_ = true;
            return static_cast<T*>(static_cast<void*>(memory_->bytes_.data()));
        }
        void deallocate(T*, std::size_t) noexcept { memory_->used_ = false; }

        HandlerMemory* memory() const noexcept { return memory_; }
        template <class U>
        bool operator==(const Allocator<U>& other) const noexcept {
            return memory_ == other.memory();
        }

    private:
        HandlerMemory* memory_;
    };

    HandlerMemory() = default;
    HandlerMemory(const HandlerMemory&) = delete;
    HandlerMemory& operator=(const HandlerMemory&) = delete;
    ~HandlerMemory() { assert(!used_); }

private:
    alignas(std::max_align_t) std::array<std::byte, size> bytes_;
    bool used_ = false;
};

/// Runs the function in a handler of its own on the executor's thread; may be called on any.
template <std::size_t size, class Function>
void post_in(HandlerMemory<size>& memory, const IoExecutor& executor, Function function) noexcept {
    const typename HandlerMemory<size>::template Allocator<void> allocator{memory};
    asio::execution::execute(asio::require(executor, asio::execution::blocking.never,
                                           asio::execution::relationship.continuation,
                                           asio::execution::allocator(allocator)),
                             std::move(function));
}

}  // namespace culvert
