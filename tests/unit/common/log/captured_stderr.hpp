#pragma once

#include <unistd.h>

#include <array>
#include <cstdio>
#include <stdexcept>
#include <string>

namespace culvert::test {

/// What is written to stderr goes here instead, up to what a pipe holds, 64 KiB.
class CapturedStderr {
public:
    CapturedStderr() : stderr_{::dup(STDERR_FILENO)} {
        std::array<int, 2> ends{};
        if (stderr_ < 0 || ::pipe(ends.data()) != 0) throw std::runtime_error{"no descriptors"};
        read_end_ = ends[0];
        ::dup2(ends[1], STDERR_FILENO);
        ::close(ends[1]);
    }
    CapturedStderr(const CapturedStderr&) = delete;
    CapturedStderr& operator=(const CapturedStderr&) = delete;
    ~CapturedStderr() {
        restore();
        ::close(stderr_);
        ::close(read_end_);
    }

    /// All of it; what comes later is not captured any more.
    std::string text() {
        restore();
        std::string all;
        std::array<char, 4096> part{};
        for (ssize_t size = 0; (size = ::read(read_end_, part.data(), part.size())) > 0;) {
            all.append(part.data(), static_cast<std::size_t>(size));
        }
        return all;
    }

private:
    /// Closes the pipe's other end too, so that reading comes to an end.
    void restore() {
        std::fflush(stderr);
        ::dup2(stderr_, STDERR_FILENO);
    }

    int stderr_;
    int read_end_ = -1;
};

}  // namespace culvert::test
