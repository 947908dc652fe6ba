#pragma once

#include "common/wire/connection_messages.hpp"
#include "tests/unit/common/connection/recording_user.hpp"
#include "tests/unit/common/engine/scripted_peer.hpp"

namespace culvert::test {

inline const ChannelType walk_target{DirectTcpip{{"target", 110}, {"127.0.0.1", 40000}}};

/// A connection that goes from one stage to the next, and an engine in one role at its one end.
class Walk {
public:
    using Happened = OrTold<EngineEvent>;

    Walk(EngineConfig config, const Choice& choice, StrictKex strict)
        : role_{config.transport.role},
          engine{without_reader_wait(std::move(config)), random_, start_time},
          peer{engine, role_ == Role::client ? Role::server : Role::client, choice, strict} {}

    /// Everything that the engine has to tell, its owner and the users of its channels. A host
    /// signature is provided at once, unless there is no key.
    const std::vector<Happened>& poll() {
        events.clear();
        while (auto event = engine.poll(start_time)) {
            if (key_of_host && sign_as_host(engine, *event, *key_of_host, start_time)) continue;
            if (std::holds_alternative<YieldDue>(*event)) {
                ++turns;
            } else if (!std::holds_alternative<InboxFull>(*event)) {
                note(*std::move(event));
            }
        }
        REQUIRE(engine.offer(start_time));
        return events;
    }

    /// From the peer's KEXINIT to its NEWKEYS.
    void exchange_keys() {
        peer.say_kexinit();
        poll();
        peer.say_ecdh();
        poll();
        peer.say_new_keys();
    }

private:
    /// Users take all data at once.
    static EngineConfig without_reader_wait(EngineConfig config) {
        config.connection.reader_wait.most = Duration::zero();
        return config;
    }
    void note(auto&& happened) {
        std::visit([this](auto& each) { events.emplace_back(std::move(each)); }, happened);
    }

    Role role_;
    SeededRandom random_{60};

public:
    RecordingUser user{[this](Told told) { note(std::move(told)); }};  ///< of all its channels
    Engine engine;
    ScriptedPeer peer;
    std::shared_ptr<const PrivateKey> key_of_host = host_key();  ///< a server's
    std::vector<Happened> events;
    int turns = 0;  ///< that were over before everything was told
};

/// A server's connection. A stage is named after what the engine waits for, or after its state.
class ServerWalk : public Walk {
public:
    enum class Stage {
        before_kexinit,
        before_init,
        before_new_keys,
        after_new_keys,
        before_service,
        before_request,
        key_taken,  ///< of a query, without a request yet
        key_refused,
        deciding,  ///< whether the user may come in
        authenticated,
        channel_requested,
        channel_open,
        rekey_before_init,
        rekey_before_new_keys,
        rekeyed,
        rekey_by_us,  ///< the peer hasn't heard of it yet
        over,
    };

    ServerWalk(const Choice& choice, StrictKex strict)
        : ServerWalk{choice, strict, server_config(choice)} {}
    ServerWalk(const Choice& choice, StrictKex strict, EngineConfig config)
        : Walk{std::move(config), choice, strict} {
        peer.say_version();
        poll();
        peer.listen();
    }

    Stage stage = Stage::before_kexinit;

    void go_to(Stage goal) {
        for (; stage < goal; stage = static_cast<Stage>(static_cast<int>(stage) + 1)) {
            go_on();
            poll();
            peer.listen();
        }
    }

private:
    void go_on() {
        switch (stage) {
            case Stage::before_kexinit:
            case Stage::channel_open:
                return peer.say_kexinit();
            case Stage::before_init:
            case Stage::rekey_before_init:
                return peer.say_ecdh();
            case Stage::before_new_keys:
            case Stage::rekey_before_new_keys:
                return peer.say_new_keys();
            case Stage::after_new_keys:
                return peer.say(msg::Ignore{});
            case Stage::before_service:
                return peer.say(msg::ServiceRequest{ssh_userauth});
            case Stage::before_request:
                peer.say(public_key_query("alice", ssh_ed25519, user_key()->public_key()));
                poll();
                return engine.accept_key(start_time);
            case Stage::key_taken:
                peer.say(peer.signed_request(*stranger_key()));
                poll();
                return engine.refuse_key();
            case Stage::key_refused:
                return peer.say(peer.signed_request(*user_key()));
            case Stage::deciding:
                return engine.accept_key(start_time);
            case Stage::authenticated: {
                ByteVector open =
                    encoded(msg::ChannelOpen{"direct-tcpip", ChannelId{0}, 1000, 1000});
                encode_fields(msg::TcpipChannel{"target", 110, "127.0.0.1", 40000}, open);
                return peer.say(open);
            }
            case Stage::channel_requested:
                return engine.accept(ChannelId{0}, user);
            case Stage::rekeyed:
                return engine.start_rekey(start_time);
            case Stage::rekey_by_us:
                return exchange_keys();
            case Stage::over:
                return;
        }
    }
};

/// A client's connection, with a key that is asked about before it is used.
class ClientWalk : public Walk {
public:
    enum class Stage {
        before_kexinit,
        before_reply,
        deciding,  ///< whether the host key is right
        before_new_keys,
        after_new_keys,
        before_service,
        asked,
        requested,
        authenticated,
        opening,
        channel_open,
        rekey_before_reply,
        rekey_before_new_keys,
        rekeyed,
        rekey_by_us,  ///< the peer hasn't heard of it yet
        over,
    };

    ClientWalk(const Choice& choice, StrictKex strict)
        : ClientWalk{choice, strict, with_two_keys(client_config(choice))} {}
    ClientWalk(const Choice& choice, StrictKex strict, EngineConfig config,
               std::string_view server_version = our_version)
        : Walk{std::move(config), choice, strict} {
        peer.version = server_version;
        peer.say_version();
        poll();
        peer.listen();
    }

    Stage stage = Stage::before_kexinit;

    void go_to(Stage goal) {
        for (; stage < goal; stage = static_cast<Stage>(static_cast<int>(stage) + 1)) {
            go_on();
            poll();
            peer.listen();
        }
    }

private:
    static EngineConfig with_two_keys(EngineConfig config) {
        config.identities.keys.push_back(stranger_key()->public_key());
        return config;
    }

    void go_on() {
        switch (stage) {
            case Stage::before_kexinit:
            case Stage::channel_open:
                return peer.say_kexinit();
            case Stage::before_reply:
            case Stage::rekey_before_reply:
                return peer.say_ecdh();
            case Stage::deciding:
                return engine.accept_host_key(start_time);
            case Stage::before_new_keys:
            case Stage::rekey_before_new_keys:
                return peer.say_new_keys();
            case Stage::after_new_keys:
                return peer.say(msg::Ignore{});
            case Stage::before_service:
                return peer.say(msg::ServiceAccept{ssh_userauth});
            case Stage::asked:
                peer.say(msg::UserauthPkOk{ssh_ed25519, user_key()->public_key().blob()});
                poll();
                return engine.provide_signature(
                    user_key()->sign(std::get<SignatureWanted>(events.at(0)).data), start_time);
            case Stage::requested:
                return peer.say(msg::UserauthSuccess{});
            case Stage::authenticated:
                engine.open(walk_target, user, start_time);
                return;
            case Stage::opening:
                return peer.say(
                    msg::ChannelOpenConfirmation{ChannelId{0}, ChannelId{0}, 1000, 1000});
            case Stage::rekeyed:
                return engine.start_rekey(start_time);
            case Stage::rekey_by_us:
                return exchange_keys();
            case Stage::over:
                return;
        }
    }
};

}  // namespace culvert::test
