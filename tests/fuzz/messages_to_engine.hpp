#pragma once

#include <map>
#include <memory>
#include <optional>

#include "tests/fuzz/engine_checks.hpp"
#include "tests/unit/common/engine/scripted_peer.hpp"

namespace culvert::fuzz {

/// An engine in either role, its owner, and a peer that keeps the protocol up to NEWKEYS. From
/// there on the input says what happens: messages of any content, properly sealed, and what the
/// owner does meanwhile.
class MessagesToEngine {
public:
    explicit MessagesToEngine(Role role)
        : role_{role},
          engine_{config(role), random_, test::start_time},
          peer_{engine_, role == Role::client ? Role::server : Role::client} {}

    void run(FuzzInput& input) {
        try {
            exchange_keys();
            while (!input.empty() && !left_) {
                if (!step(input.byte(), input)) break;
                check();
            }
            if (!left_) check_end(engine_);
        } catch (const ProtocolError& error) {
            engine_.end(error.reason(), error.what());
        } catch (const Error& error) {
            // What ends a login, or a connection that is silent for long.
            require(error.kind() == ErrorKind::authentication || error.kind() == ErrorKind::network,
                    "an error of a connection");
        }
        check();
    }

private:
    /// A channel of the owner, which is its user.
    struct Channel final : ChannelUser {
        explicit Channel(MessagesToEngine& its_owner) : owner{its_owner} {}

        ChannelRead read(std::span<const MutableBytes> slots) noexcept override {
            require(is_open && !eof_sent, "a turn is a channel's of the owner");
            if (ends) {
                eof_sent = true;
                return {.then = ChannelRead::Then::eof};
            }
            ChannelRead done;
            for (const MutableBytes slot : slots) {
                std::ranges::fill(slot, std::byte{'d'});
                done.bytes += slot.size();
            }
            // What nearly fits is sent with it.
            require(done.bytes > 0 && done.bytes <= most_at_once + most_at_once / 8,
                    "a turn keeps to the room there is");
            return done;
        }
        std::size_t write(std::span<const Bytes> data, Rest rest) noexcept override {
            require(is_open && !eof_received, "data comes between opening and EOF");
            std::size_t size = 0;
            for (const Bytes piece : data) size += piece.size();
            require(undelivered + size <= window, "the window is kept to");
            const std::size_t at_once = rest == Rest::keep ? size / 3 : size / 2;
            if (rest == Rest::keep) undelivered += size - at_once;
            return at_once;
        }
        void on_opened() noexcept override {
            require(!std::exchange(is_open, true), "a channel opens once");
        }
        void on_refused(const OpenFailure&) noexcept override {
            require(!is_open, "an open channel isn't refused");
            owner.channels_.erase(id);
        }
        void on_eof() noexcept override {
            require(is_open && !std::exchange(eof_received, true), "EOF comes once");
        }
        void on_closed(ChannelEnd) noexcept override {
            require(is_open, "only an open channel closes");
            owner.channels_.erase(id);
        }
        void on_lost() noexcept override {
            require(false, "nobody ends the connection's channels");
        }

        MessagesToEngine& owner;
        ChannelId id;
        bool is_open = false;
        bool ends = false;
        bool eof_sent = false;
        bool eof_received = false;
        std::size_t undelivered = 0;
    };
    using Channels = std::map<ChannelId, std::unique_ptr<Channel>>;

    static constexpr std::size_t most_at_once = 4096;
    static constexpr std::uint32_t window = 1000;
    static constexpr std::size_t most_channels = 20;

    static EngineConfig config(Role role) {
        EngineConfig config = role == Role::client ? test::client_config() : test::server_config();
        config.connection.receive_window = {window, 8 * window};
        config.connection.channel_limit = most_channels;
        return config;
    }

    void exchange_keys() {
        if (keys_exchanged_++ == 0) peer_.say_version();
        peer_.say_kexinit();
        poll();
        peer_.say_ecdh();
        poll();
        peer_.say_new_keys();
        poll();
    }

    /// False when the rest can't be done.
    bool step(unsigned kind, FuzzInput& input) {
        const std::size_t which = kind >> 4;  // of the channels
        switch (kind & 15) {
            default:
                return say(input.take(input.uint16()));
            case 8:
                log_in();
                break;
            case 9:
                if (follows_) exchange_keys();
                break;
            case 10:
                engine_.start_rekey(test::start_time);
                break;
            case 11:
                open_channel();
                break;
            case 12:
                with_channel(which, [&](auto id, Channel& channel) { send(id, channel); });
                break;
            case 13:
                with_channel(which, [&](auto id, Channel& channel) { deliver(id, channel); });
                break;
            case 14:
                with_channel(which, [&](auto id, Channel& channel) { send_eof(id, channel); });
                break;
            case 15:
                with_channel(which, [&](auto id, Channel&) {
                    if ((kind & 16) != 0) {
                        engine_.close(id);
                    } else {
                        engine_.reset(id);
                    }
                    channels_.erase(id);
                });
                break;
        }
        poll();
        return true;
    }

    bool say(Bytes payload) {
        if (payload.empty()) return false;
        const std::uint8_t number = message_number(payload);
        // Of an exchange that the input has begun the peer knows nothing: it is deaf from then on.
        if (number >= 20 && number < 50) follows_ = false;
        peer_.say(payload);
        poll();
        return true;
    }

    /// As it is done rightly.
    void log_in() {
        if (role_ == Role::server) {
            proves_key_ = true;
            peer_.say(msg::ServiceRequest{ssh_userauth});
            peer_.say(peer_.signed_request(*test::user_key()));
        } else {
            peer_.say(msg::ServiceAccept{ssh_userauth});
            peer_.say(msg::UserauthSuccess{});
        }
    }

    void open_channel() {
        if (role_ == Role::server || !engine_.may_open_channels()) return;
        auto user = std::make_unique<Channel>(*this);
        const auto id = engine_.open(DirectTcpip{{"target", 110}, {"127.0.0.1", 40000}}, *user,
                                     test::start_time);
        require(id.has_value() == (engine_.channels() < most_channels) || id.has_value(),
                "there is a channel unless there are too many");
        if (id) add(*id, std::move(user));
    }

    void add(ChannelId id, std::unique_ptr<Channel> user) {
        user->id = id;
        require(channels_.emplace(id, std::move(user)).second, "a channel's id is its own");
    }

    void with_channel(std::size_t which, const auto& action) {
        if (channels_.empty()) return;
        const auto it =
            std::next(channels_.begin(), static_cast<std::ptrdiff_t>(which % channels_.size()));
        action(it->first, *it->second);
    }

    void send(ChannelId id, const Channel& channel) {
        if (!channel.is_open || channel.eof_sent) return;
        engine_.set_readable(id);
        (void)engine_.send_turn(most_at_once, test::start_time);
    }

    void deliver(ChannelId id, Channel& channel) {
        if (channel.undelivered == 0) return;
        engine_.delivered(id, std::exchange(channel.undelivered, 0), test::start_time);
    }

    void send_eof(ChannelId id, Channel& channel) {
        channel.ends = true;
        send(id, channel);
    }

    // ---- what the engine tells
    void poll() {
        while (auto event = engine_.poll(test::start_time)) {
            require(!left_, "nothing is read after DISCONNECT");
            require(++events_ < 100'000, "events come to an end");
            std::visit([this](auto&& happened) { on(std::move(happened)); }, std::move(*event));
        }
        while (!engine_.offer(test::start_time)) engine_.on_waited(std::chrono::hours{1});
        if (follows_) {
            peer_.listen();
        } else {
            engine_.sent(engine_.unsent().size());
        }
    }

    void on(HostKeyOffered&&) { engine_.accept_host_key(test::start_time); }
    void on(HostSignatureWanted&& wanted) {
        require(role_ == Role::server, "a client has no host key");
        engine_.provide_host_signature(test::host_key()->sign(wanted.data), test::start_time);
    }
    void on(SignatureWanted&& wanted) {
        engine_.provide_signature(test::user_key()->sign(wanted.data), test::start_time);
    }
    void on(PublicKeyRequest&& request) {
        const bool is_users = request.key == test::user_key()->public_key();
        require(!request.verified || (is_users && proves_key_),
                "only a real signature proves a key");
        if (is_users) {
            engine_.accept_key(test::start_time);
        } else {
            engine_.refuse_key();
        }
    }
    void on(Authenticated&&) {
        require(!std::exchange(authenticated_, true), "it is authenticated once");
        require(role_ == Role::client || proves_key_, "nobody gets in without a signature");
    }
    void on(BannerReceived&&) { require(!authenticated_, "banners come before authentication"); }
    void on(Rekeyed&&) { require(authenticated_, "keys are renewed after authentication"); }
    void on(YieldDue&&) {}
    void on(PeerDisconnected&&) { left_ = true; }
    void on(InboxFull&&) { (void)engine_.offer(test::start_time); }

    void on(ChannelRequested&& requested) {
        require(authenticated_, "nothing of the connection layer before authentication");
        require(role_ == Role::server, "a client is asked for no channel");
        if (std::get<DirectTcpip>(requested.type).target.port % 3 == 0) {
            engine_.refuse(requested.channel, {});
            return;
        }
        auto user = std::make_unique<Channel>(*this);
        user->is_open = true;
        engine_.accept(requested.channel, *user);
        add(requested.channel, std::move(user));
    }
    void on(RequestDenied&& denied) { require(!denied.what.empty(), "it is said what was denied"); }
    void on(ForwardRequested&& requested) {
        if (requested.request.value() % 2 == 0) {
            engine_.deny(requested.request);
        } else {
            engine_.grant(requested.request, 4711);
        }
    }
    void on(ForwardAnswered&&) { require(false, "nothing was asked for"); }

    void check() {
        check_output(engine_);
        require(engine_.channels() <= most_channels, "channels have their limit");
        require(channels_.size() <= engine_.channels(), "every channel of the owner is there");
        require(engine_.authenticated() == authenticated_ || left_ || engine_.ended(),
                "the owner knows of the authentication");
    }

    Role role_;
    test::SeededRandom random_{3};
    Engine engine_;
    test::ScriptedPeer peer_;
    Channels channels_;
    unsigned keys_exchanged_ = 0;
    bool follows_ = true;  ///< the peer understands what the engine says
    bool proves_key_ = false;
    bool authenticated_ = false;
    bool left_ = false;
    std::size_t events_ = 0;
};

}  // namespace culvert::fuzz
