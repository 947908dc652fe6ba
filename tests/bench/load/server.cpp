#include "tests/bench/load/server.hpp"

#include <fmt/core.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <functional>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "tests/bench/load/stream.hpp"

namespace load {

namespace {

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

void serve_in_thread(Stream stream, Request request, const Content& content) {
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
    Server(const Content& content, Carriers carriers) : content_{content}, carriers_{carriers} {
        if (epoll_ < 0) fail("epoll_create1");
        const auto [listener, port] = Stream::listen();
        listener_ = listener;
        watch(listener_);
        watch(STDIN_FILENO);
        fmt::print("{{\"port\": {}}}\n", port);
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
                else
                    on_ready(descriptor);
            }
        }
    }

private:
    struct Serving {
        bool asked = false;
        Request request{};
        std::uint64_t carried = 0;
    };

    void watch(int descriptor) {
        epoll_event event{.events = EPOLLIN, .data = {.fd = descriptor}};
        if (::epoll_ctl(epoll_, EPOLL_CTL_ADD, descriptor, &event) != 0) fail("epoll_ctl");
    }

    void on_connection() {
        const int descriptor = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
        if (descriptor < 0) return;
        const auto place = static_cast<std::size_t>(descriptor);
        if (place >= serving_.size()) serving_.resize(2 * place);
        serving_[place] = {};
        watch(descriptor);
    }

    void on_ready(int descriptor) {
        Stream stream{descriptor};
        Serving& serving = serving_[static_cast<std::size_t>(descriptor)];
        try {
            if (serving.asked ? is_sparse_after(stream, serving) : on_request(stream, serving))
                stream.release();
        } catch (const std::system_error&) {
            // The client has gone.
        }
    }

    /// The functions below are true while the stream stays with the loop; otherwise it is closed.
    bool on_request(Stream& stream, Serving& serving) {
        serving.request = stream.receive_request();
        serving.asked = true;
        if (serving.request.purpose != Purpose::echo && carriers_ == Carriers::threads) {
            ::epoll_ctl(epoll_, EPOLL_CTL_DEL, stream.descriptor(), nullptr);
            std::thread{serve_in_thread, std::move(stream), serving.request, std::cref(content_)}
                .detach();
        } else if (serving.request.purpose == Purpose::source) {
            epoll_event event{.events = EPOLLOUT, .data = {.fd = stream.descriptor()}};
            ::epoll_ctl(epoll_, EPOLL_CTL_MOD, stream.descriptor(), &event);
        }
        return true;  // what came with the request is still in the socket, which is then readable
    }

    bool is_sparse_after(Stream& stream, Serving& serving) {
        switch (serving.request.purpose) {
            case Purpose::echo:
                return echo(stream);
            case Purpose::sink:
                return sink(stream, serving);
            case Purpose::source:
                return source(stream, serving);
        }
        return false;
    }

    bool echo(Stream& stream) {
        const std::size_t received = stream.receive_some(buffer_);
        stream.send(std::span{buffer_}.first(received));
        return received > 0;
    }

    static bool sink(Stream& stream, Serving& serving) {
        const std::size_t more = stream.discard(most_discarded);
        serving.carried += more;
        if (more == 0) stream.send_count(serving.carried);
        return more > 0;
    }

    bool source(Stream& stream, Serving& serving) {
        serving.carried += content_.send_what_fits(stream, serving.carried,
                                                   serving.request.count - serving.carried);
        return serving.carried < serving.request.count;
    }

    const Content& content_;
    Carriers carriers_;
    int epoll_ = ::epoll_create1(EPOLL_CLOEXEC);
    int listener_ = -1;
    std::vector<Serving> serving_ = std::vector<Serving>(1024);  // by descriptor
    std::array<std::byte, 4096> buffer_;
};

}  // namespace

void serve(const Content& content, Carriers carriers) { Server{content, carriers}.run(); }

}  // namespace load
