#pragma once

#include <memory>
#include <string>

#include "tests/unit/common/session/session_pair.hpp"

namespace culvert::test {

/// A client of the daemon, on a connection of its own, which opens one stream.
class SshClient {
public:
    SshClient(asio::io_context& io, const asio::ip::tcp::endpoint& daemon)
        : session_{connected(io, daemon), config(key_->public_key()), random_, owner_,
                   static_cast<ClientLogin*>(&owner_)} {
        stream.ends = false;
    }

    /// Until the session ends, with the reason; then `over`.
    awaitable<void> run() {
        try {
            co_await session_.run();
            end = "as asked";
        } catch (const std::exception& error) {
            end = error.what();
        }
        over.set();
    }
    awaitable<void> open_stream() {
        co_await owner_.ready.wait();
        stream.session = &session_;
        stream.channel = *session_.open(DirectTcpip{target, originator}, stream);
        co_await stream.opened.wait();
    }
    /// The local program has no more to send.
    void end_stream() {
        stream.ends = true;
        session_.set_readable(stream.channel);
    }
    void disconnect() { session_.end(DisconnectReason::by_application, "the test is over"); }

    MemoryStream stream;
    std::string end = "never";
    Event over;

private:
    static EngineConfig config(const PublicKey& key) {
        EngineConfig made;
        made.transport.role = Role::client;
        made.transport.algorithms.ciphers = default_ciphers();
        made.identities = {"alice", {key}, {}};
        return made;
    }
    static StreamSocket connected(asio::io_context& io, const asio::ip::tcp::endpoint& daemon) {
        TcpSocket socket{io};
        socket.connect(daemon);
        socket.non_blocking(true);
        return socket;
    }

    SystemRandom random_;
    std::shared_ptr<const PrivateKey> key_ =
        std::make_shared<const PrivateKey>(PrivateKey::generate(random_, "a test"));
    Owner owner_{key_};
    Session session_;
};

}  // namespace culvert::test
