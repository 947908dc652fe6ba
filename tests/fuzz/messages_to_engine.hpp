#pragma once

#include <map>
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
    struct Channel {
        bool is_open = false;
        bool eof_sent = false;
        bool eof_received = false;
        std::size_t undelivered = 0;
    };
    using Channels = std::map<ChannelId, Channel>;

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
        const auto id =
            engine_.open(DirectTcpip{{"target", 110}, {"127.0.0.1", 40000}}, test::start_time);
        require(id.has_value() == (engine_.channels() < most_channels) || id.has_value(),
                "there is a channel unless there are too many");
        if (id) require(channels_.emplace(*id, Channel{}).second, "a channel's id is its own");
    }

    void with_channel(std::size_t which, const auto& action) {
        if (channels_.empty()) return;
        const auto it =
            std::next(channels_.begin(), static_cast<std::ptrdiff_t>(which % channels_.size()));
        action(it->first, it->second);
    }

    void send(ChannelId id, Channel& channel) {
        if (!channel.is_open || channel.eof_sent) return;
        engine_.set_readable(id, true);
        const auto slots = engine_.next_slots(4096, test::start_time);
        if (!slots) return;
        require(channels_.contains(slots->channel), "a turn is a channel's of the owner");
        std::size_t bytes = 0;
        for (const MutableBytes space : slots->space) {
            std::ranges::fill(space, std::byte{'d'});
            bytes += space.size();
        }
        require(bytes > 0 && bytes <= 4096, "a turn keeps to the room there is");
        engine_.commit(bytes, false);
    }

    void deliver(ChannelId id, Channel& channel) {
        if (channel.undelivered == 0) return;
        engine_.delivered(id, std::exchange(channel.undelivered, 0), test::start_time);
    }

    void send_eof(ChannelId id, Channel& channel) {
        if (!channel.is_open || channel.eof_sent) return;
        channel.eof_sent = true;
        engine_.send_eof(id);
    }

    // ---- what the engine tells
    void poll() {
        while (auto event = engine_.poll(test::start_time)) {
            require(!left_, "nothing is read after DISCONNECT");
            require(++events_ < 100'000, "events come to an end");
            std::visit([this](auto&& happened) { on(std::move(happened)); }, std::move(*event));
        }
        if (follows_) {
            peer_.listen();
        } else {
            engine_.sent(engine_.unsent().size());
        }
    }

    void on(HostKeyOffered&&) { engine_.accept_host_key(test::start_time); }
    void on(SignatureWanted&& wanted) {
        engine_.provide_signature(test::user_key()->sign(wanted.data), test::start_time);
    }
    void on(KeyShown&& shown) {
        const bool is_users = shown.key == test::user_key()->public_key();
        require(!shown.proved || (is_users && proves_key_), "only a real signature proves a key");
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
    void on(TurnOver&&) {}
    void on(PeerDisconnected&&) { left_ = true; }
    void on(ConnectionEvent&& event) {
        require(authenticated_, "nothing of the connection layer before authentication");
        std::visit([this](auto&& happened) { on(std::move(happened)); }, std::move(event));
    }

    void on(ChannelRequested&& requested) {
        require(role_ == Role::server, "a client is asked for no channel");
        if (std::get<DirectTcpip>(requested.type).target.port % 3 == 0) {
            engine_.refuse_open(requested.channel, {});
            return;
        }
        require(channels_.emplace(requested.channel, Channel{.is_open = true}).second,
                "a channel's id is its own");
        engine_.confirm_open(requested.channel);
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
    void on(ChannelOpened&& opened) {
        Channel& channel = known(opened.channel);
        require(!std::exchange(channel.is_open, true), "a channel opens once");
    }
    void on(ChannelRefused&& refused) {
        require(!known(refused.channel).is_open, "an open channel isn't refused");
        channels_.erase(refused.channel);
    }
    void on(ChannelDataReceived&& data) {
        Channel& channel = known(data.channel);
        require(channel.is_open && !channel.eof_received, "data comes between opening and EOF");
        channel.undelivered += data.data.size();
        require(channel.undelivered <= window, "the window is kept to");
    }
    void on(ChannelEofReceived&& eof) {
        Channel& channel = known(eof.channel);
        require(channel.is_open && !std::exchange(channel.eof_received, true), "EOF comes once");
    }
    void on(ChannelClosed&& closed) {
        require(known(closed.channel).is_open, "only an open channel closes");
        channels_.erase(closed.channel);
    }

    Channel& known(ChannelId id) {
        const auto found = channels_.find(id);
        require(found != channels_.end(), "an event is about a channel of the owner");
        return found->second;
    }

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
