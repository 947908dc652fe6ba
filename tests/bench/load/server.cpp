#include "tests/bench/load/server.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/core.h>
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "tests/bench/load/stream.hpp"

namespace load {

namespace {

constexpr int backlog = 4096;  // 16 or 1,000 streams may come at once
constexpr std::size_t most_discarded = 1 << 20;

[[noreturn]] void fail(const char* what) {
    throw std::system_error(errno, std::generic_category(), what);
}

void count_until_eof(Stream& stream) {
    std::uint64_t count = 0;
    while (const std::size_t more = stream.discard(most_discarded)) count += more;
    stream.send_count(count);
}

void send_bytes(Stream& stream, const Content& content, std::uint64_t count) {
    for (std::uint64_t sent = 0; sent < count;) sent += content.send(stream, sent, count - sent);
    stream.send_eof();
}

void serve_bulk(Stream stream, Request request, const Content& content) {
    try {
        if (request.purpose == Purpose::sink)
            count_until_eof(stream);
        else
            send_bytes(stream, content, request.count);
    } catch (const std::system_error&) {
        // The client has what it wanted of a stream that it broke off, and knows of any other.
    }
}

class Server {
public:
    explicit Server(const Content& content) : content_{content} {
        if (epoll_ < 0 || listener_ < 0) fail("server");
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t length = sizeof address;
        auto* const any = reinterpret_cast<sockaddr*>(&address);
        if (::bind(listener_, any, length) != 0 || ::listen(listener_, backlog) != 0 ||
            ::getsockname(listener_, any, &length) != 0)
            fail("listen");
        watch(listener_);
        watch(STDIN_FILENO);
        fmt::print("{{\"port\": {}}}\n", ntohs(address.sin_port));
        std::fflush(stdout);
    }

    void run() {
        std::array<epoll_event, 64> events;
        for (;;) {
            const int count = ::epoll_wait(epoll_, events.data(), events.size(), -1);
            for (int i = 0; i < count; ++i) {
                const int descriptor = events[static_cast<std::size_t>(i)].data.fd;
                if (descriptor == STDIN_FILENO) return;
                if (descriptor == listener_)
                    on_connection();
                else if (echoes(descriptor))
                    on_data(descriptor);
                else
                    on_request(descriptor);
            }
        }
    }

private:
    void watch(int descriptor) {
        epoll_event event{.events = EPOLLIN, .data = {.fd = descriptor}};
        if (::epoll_ctl(epoll_, EPOLL_CTL_ADD, descriptor, &event) != 0) fail("epoll_ctl");
    }

    bool echoes(int descriptor) const {
        return static_cast<std::size_t>(descriptor) < echoes_.size() &&
               echoes_[static_cast<std::size_t>(descriptor)];
    }

    void on_connection() {
        const int descriptor = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
        if (descriptor >= 0) watch(descriptor);
    }

    void on_request(int descriptor) {
        Stream stream{descriptor};
        try {
            const Request request = stream.receive_request();
            if (request.purpose == Purpose::echo) {
                // What came with the request is still in the socket, which is then readable.
                const auto place = static_cast<std::size_t>(stream.release());
                if (place >= echoes_.size()) echoes_.resize(2 * place);
                echoes_[place] = true;
            } else {
                ::epoll_ctl(epoll_, EPOLL_CTL_DEL, descriptor, nullptr);
                std::thread{serve_bulk, std::move(stream), request, std::cref(content_)}.detach();
            }
        } catch (const std::system_error&) {
            // It went away before it said what it was for.
        }
    }

    void on_data(int descriptor) {
        Stream stream{descriptor};
        try {
            const ssize_t received = ::recv(descriptor, buffer_.data(), buffer_.size(), 0);
            if (received > 0) {
                stream.send(std::span{buffer_}.first(static_cast<std::size_t>(received)));
                stream.release();
                return;
            }
        } catch (const std::system_error&) {
            // It didn't wait for the answer.
        }
        echoes_[static_cast<std::size_t>(descriptor)] = false;
    }

    const Content& content_;
    int epoll_ = ::epoll_create1(EPOLL_CLOEXEC);
    int listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    std::vector<bool> echoes_ = std::vector<bool>(1024);  // by descriptor
    std::array<std::byte, 4096> buffer_;
};

}  // namespace

void serve(const Content& content) { Server{content}.run(); }

}  // namespace load
