#pragma once

#include <optional>
#include <string>

#include "common/base/time.hpp"
#include "common/pacing/limits.hpp"
#include "common/transport/key_exchanges.hpp"
#include "common/transport/work_budget.hpp"
#include "common/wire/irregularity.hpp"

namespace culvert {

/// The transport layer (RFC 4253) of one connection, in either role: version exchange, key
/// exchanges, the protection of packets. Bytes are received into receive_space() and sent from
/// output().
/// Every function may throw ProtocolError; the connection is then to be ended with disconnect().
class Transport {
public:
    /// `random` must outlive this.
    Transport(TransportConfig config, Random& random);
    Transport(const Transport&) = delete;
    Transport& operator=(const Transport&) = delete;

    /// Our version line and KEXINIT, and a client's guess, go out before the peer's come in.
    void start(TimePoint now);

    /// Where to receive the next bytes; views into what came before are gone.
    MutableBytes receive_space(std::size_t most = InputBuffer::unlimited) {
        return reader_.space(most);
    }
    void received(std::size_t bytes) noexcept { reader_.input().received(bytes); }
    InputBuffer& input() noexcept { return reader_.input(); }
    OutputBuffer& output() noexcept { return sender_.writer().output(); }

    /// What the received bytes mean, one event at a time until there is none.
    std::optional<TransportEvent> poll(TimePoint now);
    /// Views into the last packet live until the next receive_space(), unless
    /// views_are_transient().
    void keep_views() noexcept { reader_.keep(); }
    /// True when those end with the next poll(): the memory for what was decompressed is full.
    bool views_are_transient() const noexcept { return reader_.kept_payloads_end(); }

    void accept_host_key() { exchanges_.accept_host_key(); }
    /// The signature blob (RFC 4253 6.6) that was wanted. Our reply and NEWKEYS follow.
    void provide_host_signature(Bytes signature_blob, TimePoint now) {
        exchanges_.provide_host_signature(signature_blob, now);
    }
    bool awaits_host_signature() const noexcept { return exchanges_.awaits_host_signature(); }
    bool awaits_answer_after_wrong_guess() const noexcept {
        return exchanges_.awaits_answer_after_wrong_guess();
    }
    /// The keys for what we send are in place: authentication may begin.
    bool keys_sent() const noexcept { return exchanges_.keys_sent(); }

    /// Sealed at once, or held until the key exchange that is going on lets it out.
    void send(Bytes payload) { sender_.send(payload); }
    template <Message M>
    void send(const M& message) {
        send(Bytes{encoded(message)});
    }
    /// A packet of this number and sequence number isn't known to us (RFC 4253 11.4).
    void send_unimplemented(SequenceNumber of);
    /// The last packet that we send.
    void disconnect(DisconnectReason reason, std::string_view description);

    /// False while a key exchange holds everything else back.
    bool sends_data() const noexcept { return sender_.is_open(); }
    /// For payloads that are sealed where they lie. Only while sends_data().
    PacketWriter& writer() noexcept { return sender_.writer(); }

    /// The socket takes no more for now; it takes more again, or still does.
    void on_output_blocked(TimePoint now) noexcept { writer().on_output_blocked(now); }
    void on_output_taken(TimePoint now) noexcept { writer().on_output_taken(now); }
    /// Gives memory back that an idle connection doesn't need.
    void release_buffers() noexcept;

    /// The user has been authenticated: packets may be larger, and delayed compression begins
    /// (OpenSSH PROTOCOL 1.2). The server calls it after sending SSH_MSG_USERAUTH_SUCCESS, the
    /// client on receiving it.
    void on_authenticated(TimePoint now);
    /// Compression is delayed until then: a client must not send ahead of USERAUTH_SUCCESS.
    bool delays_compression() const;

    void start_rekey(TimePoint now) { exchanges_.start_rekey(now); }
    /// Starts a new exchange when the keys have been used enough, or for long enough.
    void rekey_if_due(TimePoint now) { exchanges_.rekey_if_due(now); }
    std::optional<TimePoint> next_deadline() const { return exchanges_.next_deadline(); }
    void on_time(TimePoint now) { exchanges_.on_time(now); }

    const SessionId& session_id() const { return exchanges_.session_id(); }
    const Extensions& peer_extensions() const noexcept { return extensions_.peer(); }
    const std::optional<std::string>& peer_version() const noexcept { return versions_.peer(); }
    /// For an error about a peer that closed early: what it had said, escaped.
    std::string said_before_version() const { return versions_.said_before(); }
    bool told_to_try_later() const noexcept { return versions_.told_to_try_later(); }
    bool strict_kex() const noexcept { return exchanges_.strict().agreed(); }
    /// Of the last key exchange; empty where it can't be told.
    std::optional<Duration> exchange_round_trip() const noexcept { return exchanges_.round_trip(); }
    const Negotiated& negotiated() const { return exchanges_.negotiated(); }
    Irregularities& irregularities() noexcept { return irregularities_; }
    /// Bytes of whole packets that wait for a key exchange to end.
    std::size_t held_bytes() const noexcept { return sender_.held_bytes(); }

    /// Of a packet, once authenticated.
    static constexpr std::uint32_t length_limit = limits::peer::packet_length;

private:
    using Packet = PacketOpener::Opened;

    std::optional<TransportEvent> on_packet(const Packet& packet, TimePoint now);
    std::optional<TransportEvent> on_kex_packet(const Packet& packet, TimePoint now);
    std::optional<TransportEvent> on_upper_packet(const Packet& packet);
    PeerDisconnected on_disconnect(Bytes payload);
    void on_late_ext_info(Bytes payload);
    void on_ping(MutableBytes payload);

    TransportConfig config_;
    VersionExchange versions_;
    PacketReader reader_;
    PacketSender sender_;
    ExtensionNegotiation extensions_;
    KeyExchanges exchanges_;
    WorkBudget work_;
    Irregularities irregularities_;
    bool ended_ = false;  ///< by the peer's DISCONNECT: nothing is read after it
};

/// For a log: the peer's version and what was agreed upon. Only once keys are in use.
std::string describe(const Transport& transport);

}  // namespace culvert
