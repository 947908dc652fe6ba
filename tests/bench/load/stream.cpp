#include "tests/bench/load/stream.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>
#include <utility>
#include <vector>

namespace load {

namespace {

[[noreturn]] void fail(const char* what) {
    throw std::system_error(errno, std::generic_category(), what);
}

void put_count(std::span<std::byte, 8> to, std::uint64_t count) {
    for (std::size_t i = to.size(); i-- > 0; count >>= 8) to[i] = static_cast<std::byte>(count);
}

std::uint64_t get_count(std::span<const std::byte, 8> from) {
    std::uint64_t count = 0;
    for (const std::byte byte : from) count = count << 8 | std::to_integer<std::uint64_t>(byte);
    return count;
}

}  // namespace

double seconds(Clock::duration time) { return std::chrono::duration<double>(time).count(); }

Stream::Stream(int descriptor) : descriptor_{descriptor} {
    const int on = 1;
    ::setsockopt(descriptor_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

Stream::Stream(Stream&& other) noexcept : descriptor_{other.release()} {}

Stream::~Stream() {
    if (descriptor_ >= 0) ::close(descriptor_);
}

Stream Stream::connect(std::uint16_t port) {
    Stream stream{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    if (stream.descriptor_ < 0) fail("socket");
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(stream.descriptor_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0)
        fail("connect");
    return stream;
}

std::pair<int, std::uint16_t> Stream::listen() {
    constexpr int backlog = 4096;  // 16 or 1,000 streams may come at once
    const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof address;
    auto* const any = reinterpret_cast<sockaddr*>(&address);
    if (listener < 0 || ::bind(listener, any, length) != 0 || ::listen(listener, backlog) != 0 ||
        ::getsockname(listener, any, &length) != 0)
        fail("listen");
    return {listener, ntohs(address.sin_port)};
}

void Stream::ask(Request request, std::span<const std::byte> more) {
    std::vector<std::byte> bytes(Request::size);
    bytes[0] = static_cast<std::byte>(request.purpose);
    put_count(std::span{bytes}.subspan<1, 8>(), request.count);
    bytes.insert(bytes.end(), more.begin(), more.end());
    send(bytes);
}

Request Stream::receive_request() {
    std::array<std::byte, Request::size> bytes;
    receive(bytes);
    return {static_cast<Purpose>(bytes[0]), get_count(std::span{bytes}.subspan<1, 8>())};
}

std::size_t Stream::send_some(std::span<const std::byte> data) {
    const ssize_t sent = ::send(descriptor_, data.data(), data.size(), MSG_NOSIGNAL);
    if (sent < 0) fail("send");
    return static_cast<std::size_t>(sent);
}

std::size_t Stream::send_what_fits(std::span<const std::byte> data) {
    const ssize_t sent = ::send(descriptor_, data.data(), data.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0 && errno != EAGAIN) fail("send");
    return static_cast<std::size_t>(std::max<ssize_t>(sent, 0));
}

void Stream::send(std::span<const std::byte> data) {
    while (!data.empty()) data = data.subspan(send_some(data));
}

std::size_t Stream::receive_some(std::span<std::byte> data) {
    const ssize_t received = ::recv(descriptor_, data.data(), data.size(), 0);
    if (received < 0) fail("recv");
    return static_cast<std::size_t>(received);
}

void Stream::receive(std::span<std::byte> data) {
    while (!data.empty()) {
        const std::size_t received = receive_some(data);
        if (received == 0)
            throw std::system_error(ECONNABORTED, std::generic_category(),
                                    "the stream ended early");
        data = data.subspan(received);
    }
}

void Stream::send_count(std::uint64_t count) {
    std::array<std::byte, 8> bytes;
    put_count(bytes, count);
    send(bytes);
}

std::uint64_t Stream::receive_count() {
    std::array<std::byte, 8> bytes;
    receive(bytes);
    return get_count(bytes);
}

void Stream::send_eof() {
    if (::shutdown(descriptor_, SHUT_WR) != 0) fail("shutdown");
}

std::size_t Stream::discard(std::size_t most) {
    // With MSG_TRUNC TCP drops instead of copying (tcp(7)): two cores are better used by the
    // tunnel.
    const ssize_t dropped = ::recv(descriptor_, nullptr, most, MSG_TRUNC);
    if (dropped < 0) fail("recv");
    return static_cast<std::size_t>(dropped);
}

void Stream::interrupt() { ::shutdown(descriptor_, SHUT_RDWR); }

int Stream::release() { return std::exchange(descriptor_, -1); }

}  // namespace load
