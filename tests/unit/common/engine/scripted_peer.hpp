#pragma once

#include <optional>
#include <vector>

#include "common/auth/signed_request.hpp"
#include "common/transport/key_exchange.hpp"
#include "common/transport/packet_reader.hpp"
#include "common/transport/packet_writer.hpp"
#include "common/wire/auth_messages.hpp"
#include "tests/unit/common/engine/configs.hpp"

namespace culvert::test {

enum class StrictKex { no, yes };

/// The other side of an engine, message by message: it keeps the protocol exactly as far as it is
/// told to, and sends whatever it is told to. What it says reaches the engine's input at once; the
/// test polls the engine. No compression.
class ScriptedPeer {
public:
    /// `engine` must outlive it, and has the other role.
    ScriptedPeer(Engine& engine, Role role, const Choice& choice = {},
                 StrictKex strict = StrictKex::yes)
        : engine_{engine}, role_{role}, algorithms_{algorithms_of(choice)}, strict_{strict} {}

    // ---- what it says
    void say_bytes(Bytes bytes) {
        while (!bytes.empty()) {
            const MutableBytes space = engine_.receive_space();
            const std::size_t length = std::min(space.size(), bytes.size());
            std::ranges::copy(bytes.first(length), space.begin());
            engine_.received(length, now);
            bytes = bytes.subspan(length);
        }
    }

    /// A packet of this payload, protected as its state demands.
    void say(Bytes payload) {
        writer_.write(payload);
        say_bytes(writer_.output().unsent());
        writer_.output().sent(writer_.output().size());
    }
    template <Message M>
    void say(const M& message) {
        say(Bytes{encoded(message)});
    }

    void say_version() { say_bytes(bytes_of(version + "\r\n")); }
    void say_kexinit() { say(kexinit()); }
    Bytes kexinit() {
        begin_exchange();
        return exchange_->kexinit();
    }
    /// KEX_ECDH_INIT of a client; of a server the REPLY to the one it has heard.
    void say_ecdh() { say(ecdh()); }
    ByteVector ecdh() {
        listen();
        if (role_ == Role::client) return exchange_->client_init();
        const PublicKey& key = host_key->public_key();
        exchange_->on_client_init(client_init_, versions(), key);
        return exchange_->server_reply(key, host_key->sign(exchange_->hash()));
    }
    void say_new_keys() {
        listen();
        if (!session_id_) session_id_ = exchange_->hash();
        say(msg::NewKeys{});
        writer_.sealer().use(exchange_->make_cipher(role_, *session_id_));
        if (strict_ == StrictKex::yes) writer_.sealer().reset_sequence_number();
        new_keys_said_ = true;
        end_exchange();
    }

    // ---- what it hears
    /// The payloads of what the engine has sent since the last time.
    std::vector<ByteVector> listen() {
        std::vector<ByteVector> heard;
        reader_.input().append(engine_.unsent());
        engine_.sent(engine_.unsent().size());
        if (!engine_version_) engine_version_ = version_reader_.read(reader_.input());
        if (!engine_version_) return heard;
        while (const auto packet = reader_.read()) {
            heard.emplace_back(packet->payload.begin(), packet->payload.end());
            follow(heard.back());
        }
        return heard;
    }

    /// The numbers of what the engine has sent since the last time.
    std::vector<int> listen_for_numbers() {
        std::vector<int> numbers;
        for (const ByteVector& payload : listen()) numbers.push_back(message_number(payload));
        return numbers;
    }

    // ---- authentication
    const SessionId& session_id() const { return *session_id_; }
    /// A USERAUTH_REQUEST that proves this key.
    ByteVector signed_request(const PrivateKey& key, std::string_view user = "alice") const {
        ByteVector request = public_key_request(user, ssh_ed25519, key.public_key());
        const ByteVector signature = key.sign(signed_data(*session_id_, request));
        Writer{request}.string(signature);
        return request;
    }

    /// Of everything said.
    TimePoint now = start_time;
    std::string version{our_version};
    /// A server's.
    std::shared_ptr<const PrivateKey> host_key = test::host_key();
    /// Whether its later KEXINITs have the markers of a first one, where they mean nothing.
    bool marks_later_exchanges = false;

private:
    Versions versions() const {
        return role_ == Role::client ? Versions{version, *engine_version_}
                                     : Versions{*engine_version_, version};
    }

    void begin_exchange() {
        if (exchange_) return;
        // Without the markers of a first exchange there is no strict KEX.
        const bool marked = session_id_ ? marks_later_exchanges : strict_ == StrictKex::yes;
        exchange_.emplace(role_, algorithms_, marked ? Exchange::first : Exchange::rekey, random_);
        new_keys_said_ = new_keys_heard_ = false;
    }

    void follow(Bytes payload) {
        switch (message_number(payload)) {
            case msg::KexInit::number:
                begin_exchange();
                exchange_->on_kexinit(payload);
                break;
            case msg::KexEcdhInit::number:
                client_init_.assign(payload.begin(), payload.end());
                break;
            case msg::KexEcdhReply::number:
                exchange_->on_server_reply(payload, versions());
                break;
            case msg::NewKeys::number:
                if (!session_id_) session_id_ = exchange_->hash();
                reader_.opener().use(exchange_->make_cipher(
                    role_ == Role::client ? Role::server : Role::client, *session_id_));
                if (strict_ == StrictKex::yes) reader_.opener().reset_sequence_number();
                new_keys_heard_ = true;
                end_exchange();
                break;
            default:
                break;
        }
    }

    void end_exchange() {
        if (new_keys_said_ && new_keys_heard_) exchange_.reset();
    }

    Engine& engine_;
    Role role_;
    Algorithms algorithms_;
    StrictKex strict_;
    SeededRandom random_{50};
    PacketReader reader_;
    PacketWriter writer_;
    VersionReader version_reader_{role_};
    std::optional<std::string> engine_version_;
    std::optional<KeyExchange> exchange_;
    ByteVector client_init_;
    bool new_keys_said_ = false;
    bool new_keys_heard_ = false;
    std::optional<SessionId> session_id_;
};

}  // namespace culvert::test
