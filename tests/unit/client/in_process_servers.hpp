#pragma once

#include <sys/socket.h>

#include <list>
#include <memory>
#include <optional>
#include <string>

#include <asio/read.hpp>
#include <asio/redirect_error.hpp>

#include "common/net/accepted.hpp"
#include "common/net/connector.hpp"
#include "tests/unit/common/session/session_pair.hpp"

namespace culvert::test {

/// A server in this process: a session that accepts channels for a stream in memory.
class Server {
public:
    Server(StreamSocket socket, std::shared_ptr<const PrivateKey> key, Random& random, bool refuses)
        : owner_{key}, refuses_{refuses} {
        EngineConfig config;
        config.transport.role = Role::server;
        config.transport.algorithms.ciphers = default_ciphers();
        config.transport.host_key = key->public_key();
        config.connection.accepts.set(place_of<DirectTcpip>);
        owner_.requested = [this](ChannelRequested request) { answer(request); };
        session.emplace(std::move(socket), std::move(config), random, owner_,
                        static_cast<ServerLogin*>(&owner_));
    }

    awaitable<void> run() {
        try {
            co_await session->run();
        } catch (const Error&) {
            // The client ends it.
        }
    }

    std::optional<Session> session;
    MemoryStream stream{"hello"};  ///< the user of the channel that is asked for
    int requests = 0;

private:
    void answer(const ChannelRequested& request) {
        ++requests;
        if (refuses_) {
            return session->refuse(request.channel, {OpenFailureReason::connect_failed, "no"});
        }
        stream.session = &*session;
        stream.ends = false;
        stream.channel = request.channel;
        session->accept(request.channel, stream);
        session->set_readable(request.channel);
    }

    Owner owner_;
    bool refuses_;
};

/// Reaches servers in this process, a new one for each try, at the other end of a Unix socket pair.
class Servers final : public Connector {
public:
    explicit Servers(asio::io_context& context) : context_{context} {}

    awaitable<StreamSocket> connect() override {
        ++tries;
        if (is_silent) co_await nothing_.wait();
        if (!refusal.empty()) throw Error{ErrorKind::network, refusal};
        int ends[2];
        REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) == 0);
        all.emplace_back(socket_of(ends[1]), key_, random_, refuses);
        tasks_.spawn(all.back().run());
        co_return socket_of(ends[0]);
    }

    Server& last() { return all.back(); }
    awaitable<void> join() { return tasks_.join(); }

    int tries = 0;
    std::string refusal;     ///< of every try
    bool is_silent = false;  ///< no try ends
    bool refuses = false;    ///< channels are refused
    std::list<Server> all;

private:
    StreamSocket socket_of(int descriptor) {
        StreamSocket socket{context_};
        socket.assign(asio::generic::stream_protocol{AF_UNIX, 0}, descriptor);
        socket.non_blocking(true);
        return socket;
    }

    asio::io_context& context_;
    SystemRandom random_;
    std::shared_ptr<const PrivateKey> key_ =
        std::make_shared<const PrivateKey>(PrivateKey::generate(random_, "a test"));
    Event nothing_;
    TaskGroup tasks_{context_.get_executor(), [](const std::exception_ptr& thrown) {
                         FAIL_CHECK(text_of_exception(thrown));
                     }};
};

/// A tunnel owns its connector; these are the test's.
class BorrowedConnector final : public Connector {
public:
    explicit BorrowedConnector(Connector& connector) : connector_{connector} {}
    awaitable<StreamSocket> connect() override { return connector_.connect(); }

private:
    Connector& connector_;
};

/// What connects to a forward, as it was accepted, and the program's end of it.
struct Connected {
    TcpSocket program;
    Accepted accepted;
};
inline Connected connect_program(asio::io_context& context) {
    TcpAcceptor acceptor{context, asio::ip::tcp::endpoint{asio::ip::address_v4::loopback(), 0}};
    TcpSocket program{context};
    program.connect(acceptor.local_endpoint());
    TcpSocket accepted = acceptor.accept();
    const auto remote = accepted.remote_endpoint();
    program.non_blocking(true);
    return {std::move(program), {UniqueFd{accepted.release()}, remote}};
}

inline awaitable<std::string> receive(TcpSocket& socket, std::size_t length) {
    std::string text(length, '\0');
    co_await asio::async_read(socket, asio::buffer(text), use_awaitable);
    co_return text;
}

inline awaitable<std::error_code> receive_end(TcpSocket& socket) {
    char byte{};
    std::error_code end;
    co_await asio::async_read(socket, asio::buffer(&byte, 1),
                              asio::redirect_error(use_awaitable, end));
    co_return end;
}

}  // namespace culvert::test
