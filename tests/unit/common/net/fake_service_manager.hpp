#pragma once

#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <string>

#include <doctest/doctest.h>

#include "common/base/unique_fd.hpp"
#include "tests/unit/common/net/run.hpp"

namespace culvert::test {

/// The socket that systemd would listen to, at a path or an abstract name (`@name`).
class FakeServiceManager {
public:
    explicit FakeServiceManager(const std::string& name) {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        REQUIRE(name.size() < sizeof address.sun_path);
        std::memcpy(address.sun_path, name.data(), name.size());
        if (name.starts_with('@')) address.sun_path[0] = '\0';
        const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size());
        REQUIRE(::bind(socket_.get(), reinterpret_cast<sockaddr*>(&address), length) == 0);
        const timeval longest{.tv_sec = 30 * time_factor(), .tv_usec = 0};
        ::setsockopt(socket_.get(), SOL_SOCKET, SO_RCVTIMEO, &longest, sizeof longest);
    }

    /// The next message; empty if there is none.
    std::string hears() { return receive(MSG_DONTWAIT); }
    /// The next message, which may come later; empty if none comes.
    std::string waits_for_message() { return receive(0); }

private:
    std::string receive(int flags) {
        std::array<char, 4096> message{};
        ssize_t length = 0;
        do {
            length = ::recv(socket_.get(), message.data(), message.size(), flags);
        } while (length < 0 && errno == EINTR);
        return {message.data(), length < 0 ? 0 : static_cast<std::size_t>(length)};
    }

    UniqueFd socket_{::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
};

}  // namespace culvert::test
