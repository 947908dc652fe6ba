#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <variant>

#include "common/base/time.hpp"
#include "common/transport/ext_info.hpp"
#include "common/transport/key_exchange.hpp"
#include "common/transport/packet_reader.hpp"
#include "common/transport/packet_writer.hpp"
#include "common/transport/rekey_policy.hpp"
#include "common/transport/version_exchange.hpp"
#include "common/wire/irregularity.hpp"
#include "common/wire/protocol_error.hpp"

namespace culvert {

struct TransportConfig {
    Role role = Role::client;
    Algorithms algorithms;
    std::optional<PublicKey> host_key;  ///< the server's; empty for a client
    Extensions extensions;              ///< what we announce
    RekeyLimits rekey;
    /// Refuse a peer without strict KEX (OpenSSH PROTOCOL 1.9) whatever the cipher.
    bool require_strict_kex = false;
};

/// A packet for the layers above: numbers 5, 6, and 50 to 191, decrypted and decompressed. From 80
/// on they also come during a key exchange after the first.
struct PacketReceived {
    Bytes payload;  ///< until the next poll(), or longer: see keep_views()
    SequenceNumber sequence_number;
};

/// The client must answer with accept_host_key(), or end the connection. The server has proved that
/// it holds this key; nothing more is read until the answer.
struct HostKeyOffered {
    PublicKey key;
};

/// The server must answer with provide_host_signature(), or end the connection: its host key is to
/// sign the exchange hash (RFC 4253 8). Nothing more is read until the answer.
struct HostSignatureWanted {
    std::string algorithm;  ///< as negotiated for the host key
    ByteVector data;        ///< the exchange hash
};

struct PeerDisconnected {
    std::uint32_t reason;
    std::string description;  ///< the peer's text, not escaped
};

/// The answer to a ping of ours (OpenSSH PROTOCOL 1.8).
struct PongReceived {
    Bytes data;  ///< lives as long as a packet's payload
};

/// Both sides use new keys: an exchange after the first has ended.
struct Rekeyed {};

/// So much has been received since the last turn's end that others on this thread should have
/// theirs before the next poll(): a few bytes may inflate to many, and cost as much as they.
struct YieldDue {};

using TransportEvent = std::variant<PacketReceived, HostKeyOffered, HostSignatureWanted,
                                    PongReceived, Rekeyed, PeerDisconnected, YieldDue>;

/// The transport layer (RFC 4253) of one connection, in either role: version exchange, key
/// exchanges, the protection of packets. Bytes are received into receive_space() and sent from
/// output().
/// Every function may throw ProtocolError; the connection is then to be ended with disconnect().
class Transport {
public:
    /// `random` must outlive this.
    Transport(TransportConfig config, Random& random);

    /// Our version line and KEXINIT, and a client's guess, go out before the peer's come in.
    void start(TimePoint now);

    /// Where to receive the next bytes; views into what came before are gone.
    MutableBytes receive_space(std::size_t most = InputBuffer::unlimited) {
        return reader_.space(most);
    }
    void received(std::size_t bytes) noexcept { reader_.input().received(bytes); }
    InputBuffer& input() noexcept { return reader_.input(); }
    OutputBuffer& output() noexcept { return writer_.output(); }

    /// What the received bytes mean, one event at a time until there is none.
    std::optional<TransportEvent> poll(TimePoint now);
    /// Views into the last packet live until the next receive_space(), unless
    /// views_are_transient().
    void keep_views() noexcept { reader_.keep(); }
    /// True when those end with the next poll(): the memory for what was decompressed is full.
    bool views_are_transient() const noexcept { return reader_.kept_payloads_end(); }

    void accept_host_key();
    /// The signature blob (RFC 4253 6.6) that was wanted. Our reply and NEWKEYS follow.
    void provide_host_signature(Bytes signature_blob, TimePoint now);
    bool awaits_host_signature() const noexcept { return receiving_ == Receiving::host_signature; }
    /// The keys for what we send are in place: authentication may begin.
    bool keys_sent() const noexcept { return session_id_ && sending_ == Sending::open; }

    /// Sealed at once, or kept until the key exchange that is going on lets it out (RFC 4253 7.1).
    void send(Bytes payload);
    template <Message M>
    void send(const M& message) {
        send(Bytes{encoded(message)});
    }
    /// A packet of this number and sequence number isn't known to us (RFC 4253 11.4).
    void send_unimplemented(SequenceNumber of);
    /// The last packet that we send.
    void disconnect(DisconnectReason reason, std::string_view description);

    /// False while a key exchange holds everything else back.
    bool sends_data() const noexcept { return sending_ == Sending::open; }
    /// For payloads that are sealed where they lie. Only while sends_data().
    PacketWriter& writer() noexcept { return writer_; }

    /// The socket takes no more for now; it takes more again, or still does.
    void on_output_blocked(TimePoint now) noexcept { writer_.on_output_blocked(now); }
    void on_output_taken(TimePoint now) noexcept { writer_.on_output_taken(now); }
    /// Gives memory back that an idle connection doesn't need.
    void release_buffers() noexcept;

    /// The user has been authenticated: packets may be larger, and delayed compression begins
    /// (OpenSSH PROTOCOL 1.2). The server calls it after sending SSH_MSG_USERAUTH_SUCCESS, the
    /// client on receiving it.
    void on_authenticated(TimePoint now);
    /// Compression is delayed until then: a client must not send ahead of USERAUTH_SUCCESS.
    bool delays_compression() const;

    void start_rekey(TimePoint now);
    /// Starts a new exchange when the keys have been used enough, or for long enough.
    void rekey_if_due(TimePoint now);
    std::optional<TimePoint> next_deadline() const;
    void on_time(TimePoint now);

    const SessionId& session_id() const { return *session_id_; }
    const Extensions& peer_extensions() const noexcept { return peer_extensions_; }
    const std::optional<std::string>& peer_version() const noexcept { return peer_version_; }
    /// For an error about a peer that closed early: what it had said, escaped.
    std::string said_before_version() const { return version_reader_.seen(); }
    bool told_to_try_later() const noexcept { return version_reader_.told_to_try_later(); }
    bool strict_kex() const noexcept { return strict_kex_; }
    /// From a packet of the last key exchange to the peer's answer; empty where it can't be told.
    std::optional<Duration> exchange_round_trip() const noexcept { return exchange_round_trip_; }
    const Negotiated& negotiated() const { return negotiated_; }
    Irregularities& irregularities() noexcept { return irregularities_; }
    /// Bytes of whole packets that wait for a key exchange to end: small payloads cost more than
    /// themselves.
    std::size_t held_bytes() const noexcept { return held_bytes_; }

    static constexpr std::uint32_t length_limit = 256 * 1024;  ///< once authenticated
    static constexpr Duration rekey_time_limit = std::chrono::seconds{120};

private:
    /// What the peer may send next.
    enum class Receiving {
        version,
        first_kexinit,
        kex_message,
        host_key_decision,  ///< nothing is read until the owner has decided
        host_signature,     ///< nothing is read until the owner has provided it
        new_keys,
        open,
        ended,  ///< by DISCONNECT: nothing is read after it
    };
    /// What we may send: between our KEXINIT and our NEWKEYS only what belongs to the exchange.
    enum class Sending { key_exchange, open };

    using Packet = PacketOpener::Opened;

    /// The work of one turn, in bytes of payload: a few milliseconds.
    static constexpr std::size_t turn = 2 * 1024 * 1024;
    /// What a message costs in such bytes however short it is: it may open a socket.
    static constexpr std::size_t work_of_a_message = 8 * 1024;
    void count_work(const Packet& packet) noexcept;
    bool is_reading() const noexcept {
        return receiving_ != Receiving::host_key_decision &&
               receiving_ != Receiving::host_signature && receiving_ != Receiving::ended;
    }

    std::optional<TransportEvent> on_packet(const Packet& packet, TimePoint now);
    std::optional<TransportEvent> on_kex_packet(std::uint8_t number, const Packet& packet,
                                                TimePoint now);
    std::optional<TransportEvent> on_upper_packet(const Packet& packet);
    std::optional<TransportEvent> on_server_reply(Bytes payload, TimePoint now);
    HostSignatureWanted on_client_init(Bytes payload);
    void on_exchange_answered(TimePoint now);
    void on_kexinit(Bytes payload, TimePoint now);
    void on_first_kexinit();
    std::optional<TransportEvent> on_new_keys(TimePoint now);
    void on_ext_info(Bytes payload);
    void on_late_ext_info(Bytes payload);
    void on_ping(Bytes payload);
    void refuse_in_strict_exchange(std::uint8_t number) const;

    void begin_exchange(Exchange which, TimePoint now);
    void send_new_keys();
    void renew_compression(Role sender);
    Versions versions() const;
    Role peer() const noexcept;

    TransportConfig config_;
    Random& random_;
    PacketReader reader_;
    PacketWriter writer_;
    VersionReader version_reader_;
    std::optional<std::string> peer_version_;

    Receiving receiving_ = Receiving::version;
    Sending sending_ = Sending::key_exchange;
    std::optional<KeyExchange> exchange_;  ///< the one going on
    TimePoint exchange_began_{};
    TimePoint exchange_asked_{};  ///< when the packet was written that the peer answers at once
    std::optional<Duration> exchange_round_trip_;
    TimePoint keys_since_{};
    Negotiated negotiated_;
    std::optional<SessionId> session_id_;
    std::optional<PublicKey> host_key_;  ///< the server's, as the client saw it first
    bool strict_kex_ = false;
    /// Why the peer is refused as soon as it asks for a service.
    std::optional<ProtocolError> refusal_;
    bool peer_takes_ext_info_ = false;
    bool authenticated_ = false;

    Extensions peer_extensions_;
    unsigned ext_infos_ = 0;
    bool has_received_keys_ = false;       ///< the first exchange is over
    bool follows_first_new_keys_ = false;  ///< true for the very next packet

    std::size_t turn_left_ = turn;

    ByteVector pong_;  ///< its memory is used again: a bulk sender pings all the time
    Irregularities irregularities_;
    std::deque<ByteVector> held_;
    std::size_t held_bytes_ = 0;
};

/// For a log: the peer's version and what was agreed upon. Only once keys are in use.
std::string describe(const Transport& transport);

}  // namespace culvert
