#pragma once

#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <new>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>
#include <asio/io_context.hpp>
#include <asio/post.hpp>

#include "common/base/error.hpp"
#include "common/engine/default_ciphers.hpp"
#include "common/keys/private_key.hpp"
#include "common/net/on_io_context.hpp"
#include "common/net/task_group.hpp"
#include "common/net/timeout.hpp"
#include "common/session/session.hpp"
#include "tests/unit/common/net/run.hpp"

namespace culvert::test {

/// A stream whose near end is memory: it sends what it was given, and keeps what it receives.
class MemoryStream : public ChannelUser {
public:
    explicit MemoryStream(std::string to_send = {}) : to_send_{std::move(to_send)} {}

    ChannelRead read(std::span<const MutableBytes> slots) noexcept override {
        ChannelRead done;
        for (const MutableBytes slot : slots) {
            const std::size_t length = std::min(slot.size(), to_send_.size() - sent_);
            std::ranges::copy(bytes_of(std::string_view{to_send_}.substr(sent_, length)),
                              slot.begin());
            sent_ += length;
            done.bytes += length;
        }
        if (sent_ == to_send_.size()) all_sent.set();
        if (done.bytes > 0) {
            done.then = ChannelRead::Then::more;
        } else {
            done.then = ends ? ChannelRead::Then::eof : ChannelRead::Then::would_block;
        }
        return done;
    }
    std::size_t write(std::span<const Bytes> data, Rest rest) noexcept override {
        if (rest == Rest::keep) {
            const std::size_t length = take(data, everything);
            kept += length;
            offered.set();
            return reads ? length : 0;
        }
        const std::size_t length = reads ? take(data, std::min(takes_at_once, takes_in_all)) : 0;
        takes_in_all -= length;
        ++offers;
        offered.set();
        if (length > 0) {
            asio::post(session->executor(), [this] { session->set_writable(channel); });
        }
        return length;
    }
    void on_opened() noexcept override {
        opened.set();
        if (sends_at_once) session->set_readable(channel);
    }
    void on_refused(const OpenFailure& failure) noexcept override {
        refused = failure;
        over.set();
    }
    void on_eof() noexcept override {
        eof = true;
        over.set();
    }
    void on_closed(ChannelEnd end) noexcept override {
        closed = end;
        over.set();
    }
    void on_lost() noexcept override {
        lost = true;
        over.set();
    }

    Session* session = nullptr;
    ChannelId channel;
    bool sends_at_once = true;  ///< false: when the test says that it is readable
    bool ends = true;           ///< false: it sends no EOF
    bool reads = true;          ///< false: a program that never takes its data
    /// Of what is offered. It is ready for more whenever it has taken something.
    std::size_t takes_at_once = everything;
    std::size_t takes_in_all = everything;

    std::string received;
    std::size_t kept = 0;  ///< of that, what it was handed without a choice
    int offers = 0;
    Event offered;
    Event all_sent;
    std::optional<OpenFailure> refused;
    std::optional<ChannelEnd> closed;
    bool eof = false;
    bool lost = false;
    Event opened;
    Event over;  ///< any of the above but data has happened

    static constexpr std::size_t everything = std::string::npos;

private:
    std::size_t take(std::span<const Bytes> data, std::size_t most) {
        std::size_t length = 0;
        for (const Bytes piece : data) {
            const std::size_t taken = std::min(piece.size(), most - length);
            received += text_of(piece.first(taken));
            length += taken;
        }
        return length;
    }

    std::string to_send_;
    std::size_t sent_ = 0;
};

/// Says yes to everything, and keeps what it was told.
class Owner : public SessionOwner, public ClientLogin, public ServerLogin {
public:
    explicit Owner(std::shared_ptr<const PrivateKey> key) : key_{std::move(key)} {}

    awaitable<void> check_host_key(PublicKey) override {
        if (!fault.empty()) throw Error{ErrorKind::config, fault};
        if (!trusts_host) throw Error{ErrorKind::host_key, "not this one"};
        co_return;
    }
    awaitable<std::optional<ByteVector>> sign(SignatureWanted wanted) override {
        co_return key_->sign(wanted.data);
    }
    void on_ready() override { ready.set(); }
    void on_banner(const BannerReceived&) override {}
    awaitable<bool> allows(PublicKeyRequest) override { co_return true; }
    awaitable<ByteVector> sign_host(HostSignatureWanted wanted) override {
        co_return key_->sign(wanted.data);
    }
    void on_channel_requested(ChannelRequested request) override { requested(std::move(request)); }
    void on_authenticated(const Authenticated&) override { authenticated = true; }
    void on_rekeyed() override { ++rekeys; }
    void on_irregularity(Irregularity kind) override { irregularities.push_back(kind); }
    void on_denied(const RequestDenied& request) override { denied.push_back(request.what); }
    void on_forward_requested(const ForwardRequested&) override {}
    void on_forward_answered(const ForwardAnswered&) override {}
    void on_no_channels() override { ++times_without_channels; }

    bool trusts_host = true;
    std::string fault;  ///< of this side, found while it looks at the host key
    Event ready;
    bool authenticated = false;
    int rekeys = 0;
    std::vector<Irregularity> irregularities;
    std::vector<std::string> denied;
    int times_without_channels = 0;
    std::function<void(ChannelRequested)> requested = [](ChannelRequested) {};

private:
    std::shared_ptr<const PrivateKey> key_;
};

inline EngineConfig config_of_client(const std::shared_ptr<const PrivateKey>& key) {
    EngineConfig config;
    config.transport.role = Role::client;
    config.transport.algorithms.ciphers = default_ciphers();
    config.transport.extensions.reset = true;
    config.identities = {"somebody", {key->public_key()}, {}};
    return config;
}

inline EngineConfig config_of_server(const std::shared_ptr<const PrivateKey>& key) {
    EngineConfig config;
    config.transport.role = Role::server;
    config.transport.algorithms.ciphers = default_ciphers();
    config.transport.host_key = key->public_key();
    config.transport.extensions.reset = true;
    config.connection.accepts.set(place_of<DirectTcpip>);
    return config;
}

/// Two sessions joined by a TCP connection on loopback, on one io_context.
class SessionPair {
public:
    using Adjust = std::function<void(EngineConfig& client, EngineConfig& server)>;

    explicit SessionPair(
        const Adjust& adjust = [](EngineConfig&, EngineConfig&) {},
        const ReaderWaitBudget::Terms& reader_wait = {},
        Duration idle_time = Session::usual_idle_time)
        : key{std::make_shared<const PrivateKey>(PrivateKey::generate(random_, "a test"))},
          client_owner{key},
          server_owner{key} {
        EngineConfig client_config = config_of_client(key);
        EngineConfig server_config = config_of_server(key);
        client_config.connection.reader_wait = reader_wait;
        server_config.connection.reader_wait = reader_wait;
        adjust(client_config, server_config);

        TcpAcceptor acceptor{context, asio::ip::tcp::endpoint{asio::ip::address_v4::loopback(), 0}};
        TcpSocket near{context};
        near.connect(acceptor.local_endpoint());
        TcpSocket far = acceptor.accept();
        near.non_blocking(true);
        far.non_blocking(true);
        client_socket = near.native_handle();
        client.emplace(std::move(near), std::move(client_config), random_, client_owner,
                       static_cast<ClientLogin*>(&client_owner), idle_time);
        server.emplace(std::move(far), std::move(server_config), random_, server_owner,
                       static_cast<ServerLogin*>(&server_owner), idle_time);
    }

    /// Runs `test` beside both sessions, ends them, and throws what the test threw. A test that
    /// waits for what a session never does fails, and its sessions say how they ended.
    void run(awaitable<void> test) {
        std::exception_ptr failure;
        TaskGroup tasks{context.get_executor(), [&failure](std::exception_ptr thrown) {
                            if (!failure) failure = std::move(thrown);
                        }};
        tasks.spawn(keep_end(*client, client_end));
        tasks.spawn(keep_end(*server, server_end, &server_over));
        tasks.spawn(run_test(std::move(test)));
        context.run();
        if (failure) std::rethrow_exception(failure);
    }

    asio::io_context context;

private:
    SystemRandom random_;

public:
    std::shared_ptr<const PrivateKey> key;
    Owner client_owner;
    Owner server_owner;
    int client_socket = -1;  ///< as long as the client lives
    std::optional<Session> client;
    std::optional<Session> server;
    std::string client_end = "never";  ///< then "as asked", or the error's text
    std::string server_end = "never";
    Event server_over;
    bool may_lack_memory = false;

private:
    /// What is no Error fails the test: no session ends like that, unless the test asks for it.
    awaitable<void> keep_end(Session& session, std::string& end, Event* over = nullptr) {
        std::exception_ptr unexpected;
        try {
            co_await session.run();
            end = "as asked";
        } catch (const Error& error) {
            end = error.what();
        } catch (const std::bad_alloc&) {
            end = "out of memory";
            if (!may_lack_memory) unexpected = std::current_exception();
        } catch (...) {
            end = text_of_exception(std::current_exception());
            unexpected = std::current_exception();
        }
        if (over != nullptr) over->set();
        if (unexpected) std::rethrow_exception(unexpected);
    }
    awaitable<void> run_test(awaitable<void> test) {
        std::exception_ptr failure;
        try {
            const bool in_time =
                co_await with_timeout(std::move(test), std::chrono::minutes{2} * time_factor());
            if (!in_time) {
                FAIL_CHECK("it waits for ever; the client's end: ", client_end,
                           ", the server's end: ", server_end);
            }
        } catch (...) {
            failure = std::current_exception();
        }
        client->end(DisconnectReason::by_application, "the test is over");
        server->end(DisconnectReason::by_application, "the test is over");
        if (failure) std::rethrow_exception(failure);
    }
};

inline const Endpoint target{"target", 110};
// A name of its own: GCC 12 destroys braced temporaries in co_await expressions wrongly.
inline const Endpoint originator{"127.0.0.1", 4711};

inline std::string pattern(std::size_t length) {
    std::string text(length, '\0');
    for (std::size_t i = 0; i < length; ++i) text[i] = static_cast<char>(i * 31 + i / 255);
    return text;
}

inline awaitable<void> open(SessionPair& pair, MemoryStream& near, MemoryStream& far) {
    far.session = &*pair.server;
    pair.server_owner.requested = [&pair, &far](ChannelRequested request) {
        far.channel = request.channel;
        pair.server->accept(request.channel, far);
        pair.server->set_readable(request.channel);
    };
    co_await pair.client_owner.ready.wait();
    near.session = &*pair.client;
    near.channel = *pair.client->open(DirectTcpip{target, originator}, near);
    co_await near.opened.wait();
}

inline awaitable<void> wait_for_eof(MemoryStream& stream) {
    while (!stream.eof && !stream.closed && !stream.lost) {
        stream.over.reset();
        co_await stream.over.wait();
    }
}

/// For the ends that a session without memory may bring.
inline awaitable<void> wait_for_end(MemoryStream& stream) {
    while (!stream.refused && !stream.closed && !stream.lost) {
        stream.over.reset();
        co_await stream.over.wait();
    }
}

inline awaitable<void> wait_for_close(MemoryStream& stream) {
    while (!stream.closed) {
        stream.over.reset();
        co_await stream.over.wait();
    }
}

}  // namespace culvert::test
