#pragma once

#include <ucontext.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <functional>

#include "common/base/bytes.hpp"

namespace culvert::test {

constexpr std::byte untouched{0x55};

/// The stack on which `function` has run, and nothing else; what it never reached is `untouched`.
/// AddressSanitizer and ThreadSanitizer don't know such stacks.
inline ByteVector stack_after(std::function<void()> function) {
    static ucontext_t caller;
    static std::function<void()> to_run;
    ByteVector stack(std::size_t{128} * 1024, untouched);
    ucontext_t context;
    getcontext(&context);
    context.uc_stack.ss_sp = stack.data();
    context.uc_stack.ss_size = stack.size();
    context.uc_link = &caller;
    to_run = std::move(function);
    makecontext(
        &context, [] { to_run(); }, 0);
    swapcontext(&caller, &context);
    return stack;
}

/// Whether any `part` bytes of it are there, from a multiple of that on: 32 are more than the
/// compiler spills of one vector register, 16 more than of a general one. Zeros are everywhere and
/// don't count.
inline bool has_part_of(Bytes stack, Bytes bytes, std::size_t part = 32) {
    for (; bytes.size() >= part; bytes = bytes.subspan(part)) {
        const Bytes now = bytes.first(part);
        if (std::ranges::count(now, std::byte{0}) < static_cast<std::ptrdiff_t>(part) &&
            memmem(stack.data(), stack.size(), now.data(), part) != nullptr) {
            return true;
        }
    }
    return false;
}

}  // namespace culvert::test
