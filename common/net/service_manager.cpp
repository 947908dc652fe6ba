#include "common/net/service_manager.hpp"

#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>

#include <algorithm>
#include <cstddef>
#include <cstdlib>

#include <fmt/format.h>

#include "common/base/unique_fd.hpp"

namespace culvert {
namespace {

/// What the manager waits beyond the time that something is to take.
constexpr std::chrono::seconds margin{10};

unsigned long long monotonic_microseconds() {
    timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    return static_cast<unsigned long long>(now.tv_sec) * 1'000'000 +
           static_cast<unsigned long long>(now.tv_nsec) / 1'000;
}

}  // namespace

ServiceManager ServiceManager::of_process() {
    const char* const named = ::secure_getenv("NOTIFY_SOCKET");
    std::string socket = named == nullptr ? "" : named;
    ::unsetenv("NOTIFY_SOCKET");  // NOLINT(concurrency-mt-unsafe): no other thread yet
    return ServiceManager{std::move(socket)};
}

void ServiceManager::starting(std::chrono::milliseconds longest) const noexcept {
    const std::chrono::microseconds limit = longest + margin;
    try {
        send(fmt::format("EXTEND_TIMEOUT_USEC={}", limit.count()));
    } catch (const std::exception&) {
        // Out of memory: the unit's own limit holds.
    }
}

void ServiceManager::status(std::string_view text) const noexcept {
    try {
        send(fmt::format("STATUS={}", text));
    } catch (const std::exception&) {
        // Out of memory: the next change is told again.
    }
}

void ServiceManager::ready(std::string_view status) const noexcept {
    try {
        send(fmt::format("READY=1\nSTATUS={}", status));
    } catch (const std::exception&) {
        send("READY=1");
    }
}

void ServiceManager::reloading() const noexcept {
    try {
        send(fmt::format("RELOADING=1\nMONOTONIC_USEC={}", monotonic_microseconds()));
    } catch (const std::exception&) {
        send("RELOADING=1");
    }
}

void ServiceManager::stopping(std::chrono::milliseconds drain) const noexcept {
    const std::chrono::microseconds longest = drain + margin;
    try {
        send(fmt::format("STOPPING=1\nEXTEND_TIMEOUT_USEC={}", longest.count()));
    } catch (const std::exception&) {
        send("STOPPING=1");
    }
}

void ServiceManager::send(std::string_view message) const noexcept {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const bool is_known_form = socket_.starts_with('/') || socket_.starts_with('@');
    if (!is_known_form || socket_.size() >= sizeof address.sun_path) return;
    std::ranges::copy(socket_, address.sun_path);
    // An abstract name begins with a zero, and isn't ended by one.
    std::size_t length = offsetof(sockaddr_un, sun_path) + socket_.size();
    if (socket_.starts_with('@')) {
        address.sun_path[0] = '\0';
    } else {
        ++length;
    }
    const UniqueFd socket{::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
    (void)::sendto(socket.get(), message.data(), message.size(), MSG_NOSIGNAL,
                   reinterpret_cast<const sockaddr*>(&address), static_cast<socklen_t>(length));
}

}  // namespace culvert
