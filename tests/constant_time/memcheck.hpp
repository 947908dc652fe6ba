#pragma once

#include <valgrind/memcheck.h>

#include <cstdio>
#include <functional>

#include "common/base/bytes.hpp"

/// A secret is marked as uninitialized memory. memcheck follows what is computed from it, and
/// reports each branch and each address that depends on it.
namespace culvert::constant_time {

inline void make_secret(Bytes bytes) { VALGRIND_MAKE_MEM_UNDEFINED(bytes.data(), bytes.size()); }
/// Also for a result that is compared, or shown.
inline void make_public(Bytes bytes) { VALGRIND_MAKE_MEM_DEFINED(bytes.data(), bytes.size()); }

inline unsigned errors_so_far() { return VALGRIND_COUNT_ERRORS; }

/// Whether memcheck sees a branch and an address that depend on a secret: without valgrind it
/// doesn't.
inline bool sees_secrets() {
    unsigned char secret = 1;
    static volatile int table[256]{};
    make_secret(std::as_bytes(std::span{&secret, 1}));
    const unsigned before = errors_so_far();
    if (secret == 1) table[0] = 1;
    const unsigned after_branch = errors_so_far();
    table[0] = table[secret];
    return after_branch > before && errors_so_far() > after_branch;
}

/// One that run.py has to find, or it would find none.
[[gnu::noinline]] inline unsigned intended_division(volatile unsigned& a, volatile unsigned& b) {
    return a / b;
}

/// The exit code of a program that runs `use_secrets`, which tells whether its results are right.
inline int check(const std::function<bool()>& use_secrets) {
    volatile unsigned one = 1;
    if (intended_division(one, one) != 1) return 1;
    std::puts("Two errors by intention, to see that they are found:");
    std::fflush(stdout);
    if (!sees_secrets()) {
        std::puts("They are not found: is this run by valgrind's memcheck?");
        return 1;
    }
    std::puts("And the errors of what is tested:");
    std::fflush(stdout);
    const unsigned before = errors_so_far();
    const bool right = use_secrets();
    const unsigned errors = errors_so_far() - before;
    std::printf("%u errors, results %s\n", errors, right ? "right" : "wrong");
    return errors == 0 && right ? 0 : 1;
}

}  // namespace culvert::constant_time
