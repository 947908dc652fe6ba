#pragma once

#include <exception>
#include <new>
#include <optional>
#include <utility>

namespace culvert {

/// A spawned coroutine's completion handler that is called in any case, and once: where it is
/// dropped without a call, the coroutine was destroyed for want of memory, also in the middle of
/// it (Asio makes a std::system_error for a wait that failed). Then that is what it threw.
template <class Function>
class Completion {
public:
    explicit Completion(Function function) noexcept : function_{std::move(function)} {}
    Completion(Completion&& other) noexcept
        : function_{std::exchange(other.function_, std::nullopt)} {}
    Completion& operator=(Completion&&) = delete;
    ~Completion() {
        if (function_) (*function_)(std::make_exception_ptr(std::bad_alloc{}));
    }

    void operator()(std::exception_ptr thrown) noexcept {
        (*std::exchange(function_, std::nullopt))(std::move(thrown));
    }

private:
    std::optional<Function> function_;
};

}  // namespace culvert
