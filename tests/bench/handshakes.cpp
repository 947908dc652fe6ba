// Logs in and ends, over and over: what a daemon's CPU is spent on then is its own business, the
// client is the same for every daemon.

#include <arpa/inet.h>
#include <fmt/core.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdint>
#include <exception>
#include <fstream>
#include <iterator>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

#include "common/base/time.hpp"
#include "common/crypto/random.hpp"
#include "common/engine/default_ciphers.hpp"
#include "common/engine/engine.hpp"
#include "common/keys/private_key.hpp"

namespace {

using namespace culvert;

struct Login {
    std::uint16_t port;
    std::string user;
    std::shared_ptr<const PrivateKey> key;
};

class Socket {
public:
    explicit Socket(std::uint16_t port) {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(port);
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        if (::connect(descriptor_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0)
            throw std::system_error(errno, std::generic_category(), "connect");
        const int on = 1;
        ::setsockopt(descriptor_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    }
    Socket(const Socket&) = delete;
    Socket& operator=(const Socket&) = delete;
    ~Socket() { ::close(descriptor_); }

    std::size_t send(Bytes data) {
        return checked(::send(descriptor_, data.data(), data.size(), MSG_NOSIGNAL), "send");
    }
    std::size_t receive(MutableBytes space) {
        return checked(::recv(descriptor_, space.data(), space.size(), 0), "recv");
    }

private:
    static std::size_t checked(ssize_t result, const char* what) {
        if (result < 0) throw std::system_error(errno, std::generic_category(), what);
        return static_cast<std::size_t>(result);
    }

    int descriptor_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
};

EngineConfig config_of(const Login& login) {
    EngineConfig config;
    config.transport.role = Role::client;
    config.transport.algorithms.ciphers = default_ciphers();
    config.transport.extensions = {.server_sig_algs = {}, .ping = true, .reset = true};
    config.identities = {login.user, {login.key->public_key()}, 0};
    return config;
}

/// True once the user is logged in.
bool answer(Engine& engine, const EngineEvent& event, const Login& login) {
    if (std::holds_alternative<HostKeyOffered>(event)) engine.accept_host_key(Clock::now());
    if (const auto* wanted = std::get_if<SignatureWanted>(&event))
        engine.provide_signature(login.key->sign(wanted->data), Clock::now());
    if (std::holds_alternative<PeerDisconnected>(event))
        throw std::runtime_error("the server ended the connection");
    return std::holds_alternative<Authenticated>(event);
}

void flush(Engine& engine, Socket& socket) {
    while (!engine.unsent().empty()) engine.sent(socket.send(engine.unsent()));
}

void shake_hands(const Login& login) {
    SystemRandom random;
    Socket socket{login.port};
    Engine engine{config_of(login), random, Clock::now()};
    for (bool logged_in = false; !logged_in;) {
        flush(engine, socket);
        const std::size_t received = socket.receive(engine.receive_space());
        if (received == 0) throw std::runtime_error("the server closed the connection");
        engine.received(received, Clock::now());
        while (const auto event = engine.poll(Clock::now()))
            logged_in = answer(engine, *event, login) || logged_in;
    }
    engine.end(DisconnectReason::by_application, "enough");
    flush(engine, socket);
}

int run(std::span<char*> words) {
    if (words.size() != 6)
        throw std::runtime_error("usage: culvert_handshakes PORT KEY USER COUNT AT_ONCE");
    std::ifstream file{words[2], std::ios::binary};
    const std::vector<char> text{std::istreambuf_iterator<char>{file}, {}};
    const Login login{
        static_cast<std::uint16_t>(std::stoul(words[1])), words[3],
        std::make_shared<PrivateKey>(parse_private_key(std::as_bytes(std::span{text}), words[2]))};
    std::atomic<int> left = std::stoi(words[4]);
    std::atomic<bool> failed = false;
    {
        std::vector<std::jthread> threads;
        for (int i = std::stoi(words[5]); i > 0; --i) {
            threads.emplace_back([&] {
                try {
                    while (left-- > 0) shake_hands(login);
                } catch (const std::exception& error) {
                    fmt::print(stderr, "{}\n", error.what());
                    failed = true;
                }
            });
        }
    }
    return failed ? 1 : 0;
}

}  // namespace

int main(int argc, char** argv) {
    try {
        return run(std::span{argv, static_cast<std::size_t>(argc)});
    } catch (const std::exception& error) {
        fmt::print(stderr, "culvert_handshakes: {}\n", error.what());
        return 1;
    }
}
