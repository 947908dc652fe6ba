#pragma once

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tests/unit/common/transport/transport_config.hpp"

namespace culvert::test {

/// What a peer may list among its key exchange algorithms.
inline NameList kex_without_markers() { return {"mlkem768x25519-sha256"}; }
inline NameList kex_with_markers(Role us) {
    return us == Role::client
               ? NameList{"mlkem768x25519-sha256", "ext-info-c", "kex-strict-c-v00@openssh.com"}
               : NameList{"mlkem768x25519-sha256", "ext-info-s", "kex-strict-s-v00@openssh.com"};
}

/// An EXT_INFO that can be told from another.
inline ByteVector ping_ext_info() {
    Extensions extensions;
    extensions.ping = true;
    return encode_ext_info(extensions);
}
inline ByteVector reset_ext_info() {
    Extensions extensions;
    extensions.reset = true;
    return encode_ext_info(extensions);
}

/// The other end of a Transport, by hand: it sends what it is told in any order, so that it can
/// break every rule, and follows what it receives only as far as it must to read on.
class RawPeer {
public:
    /// `kex` decides whether it knows strict key exchange. It guesses nothing but in `which` first.
    RawPeer(Role us, NameList kex, std::string_view cipher = chacha20_poly1305,
            Exchange which = Exchange::rekey)
        : us_{us}, algorithms_{offering(cipher)} {
        algorithms_.kex = std::move(kex);
        const auto& names = algorithms_.kex;
        strict_ = std::ranges::any_of(
            names, [](const std::string& name) { return name.starts_with("kex-strict-"); });
        exchange_.emplace(us_, algorithms_, which, random_);
    }

    /// It says that it is strict, and then counts on what it sends (OpenSSH PROTOCOL 1.9).
    void never_reset_sequence_numbers() noexcept { resets_ = false; }
    /// In the exchanges to come; what it is stays as it was.
    void offer_from_now_on(NameList kex) { algorithms_.kex = std::move(kex); }
    /// A server's, from its next reply on.
    void change_host_key(std::shared_ptr<const PrivateKey> key) { host_key_ = std::move(key); }

    // ---- sending; nothing reaches the other end before deliver()
    void send_version(std::string_view line = "SSH-2.0-raw\r\n") {
        const MutableBytes room = writer_.output().space(line.size());
        std::ranges::copy(bytes_of(line), room.begin());
        writer_.output().commit(line.size());
    }
    void send(Bytes payload) { writer_.write(payload); }
    template <Message M>
    void send(const M& message) {
        send(Bytes{encoded(message)});
    }
    void send_kexinit() { send(exchange_->kexinit()); }
    void send_client_init() { send(exchange_->client_init()); }
    /// A server's, once it has received a client's.
    void send_server_reply() { send(reply_); }
    void send_kex_message() {
        if (us_ == Role::client) {
            send_client_init();
        } else {
            send_server_reply();
        }
    }
    void send_new_keys() {
        send(msg::NewKeys{});
        if (!session_id_) session_id_ = exchange_->hash();
        writer_.sealer().use(exchange_->make_cipher(us_, *session_id_));
        if (strict_ && resets_) writer_.sealer().reset_sequence_number();
    }
    /// A rekey's: its KEXINIT is yet to be sent.
    void new_exchange() { exchange_.emplace(us_, algorithms_, Exchange::rekey, random_); }

    /// The other end has received all that was sent, and not looked at it yet.
    void deliver(Transport& to) {
        to.input().append(writer_.output().unsent());
        writer_.output().sent(writer_.output().size());
    }
    ByteVector take_output() {
        const Bytes unsent = writer_.output().unsent();
        ByteVector bytes{unsent.begin(), unsent.end()};
        writer_.output().sent(unsent.size());
        return bytes;
    }

    // ---- receiving
    /// All that the other end has sent; the payloads are kept in received().
    void receive(Transport& from) {
        reader_.input().append(from.output().unsent());
        from.output().sent(from.output().size());
        read();
    }
    const std::vector<ByteVector>& received() const noexcept { return received_; }
    /// How often this message has been received.
    std::size_t count(std::uint8_t number) const {
        return static_cast<std::size_t>(std::ranges::count_if(
            received_,
            [&](const ByteVector& payload) { return message_number(payload) == number; }));
    }

    /// The whole of what follows send_version(), with a transport that has been started. Afterwards
    /// both send and receive under the new keys, and the transport has read everything but what
    /// follows.
    void shake_hands(Transport& with, TimePoint now) {
        send_kexinit();
        if (us_ == Role::client) send_client_init();
        exchange_packets(with, now);
        if (us_ == Role::server) send_server_reply();
        exchange_packets(with, now);
        send_new_keys();
        exchange_packets(with, now);
    }
    void exchange_packets(Transport& with, TimePoint now) {
        deliver(with);
        poll(with, now);
        receive(with);
    }
    /// The transport looks at what it has received, and its owner says yes to everything.
    static void poll(Transport& with, TimePoint now) {
        while (const auto event = with.poll(now)) {
            if (std::holds_alternative<HostKeyOffered>(*event)) with.accept_host_key();
            sign_as_host(with, *event, *host_key(), now);
        }
    }

private:
    void read() {
        if (their_version_.empty()) {
            auto version = version_reader_.read(reader_.input());
            if (!version) return;
            their_version_ = std::move(*version);
        }
        while (const auto opened = reader_.read()) {
            received_.emplace_back(opened->payload.begin(), opened->payload.end());
            follow(received_.back());
        }
    }
    void follow(Bytes payload) {
        const Versions versions = us_ == Role::client ? Versions{"SSH-2.0-raw", their_version_}
                                                      : Versions{their_version_, "SSH-2.0-raw"};
        switch (message_number(payload)) {
            case msg::KexInit::number:
                exchange_->on_kexinit(payload);
                break;
            case msg::KexEcdhInit::number:
                exchange_->on_client_init(payload, versions, host_key_->public_key());
                reply_ = exchange_->server_reply(host_key_->public_key(),
                                                 host_key_->sign(exchange_->hash()));
                break;
            case msg::KexEcdhReply::number:
                exchange_->on_server_reply(payload, versions);
                break;
            case msg::NewKeys::number:
                if (!session_id_) session_id_ = exchange_->hash();
                reader_.opener().use(exchange_->make_cipher(
                    us_ == Role::client ? Role::server : Role::client, *session_id_));
                if (strict_) reader_.opener().reset_sequence_number();
                break;
            default:
                break;
        }
    }

    Role us_;
    Algorithms algorithms_;
    bool strict_ = false;
    bool resets_ = true;
    SeededRandom random_{99};
    std::optional<KeyExchange> exchange_;
    std::optional<SessionId> session_id_;
    std::shared_ptr<const PrivateKey> host_key_ = host_key();
    ByteVector reply_;
    VersionReader version_reader_{Role::client};
    std::string their_version_;
    PacketWriter writer_;
    PacketReader reader_;
    std::vector<ByteVector> received_;
};

}  // namespace culvert::test
