#pragma once

#include <cstdint>
#include <string>
#include <variant>

#include "common/base/bytes.hpp"
#include "common/keys/public_key.hpp"
#include "common/transport/packet_codec.hpp"

namespace culvert {

/// A packet for the layers above: numbers 5, 6, and 50 to 191, decrypted and decompressed. From 80
/// on they also come during a key exchange after the first.
struct PacketReceived {
    Bytes payload;  ///< until the next poll(), or longer: see Transport::keep_views()
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
/// theirs before the next poll() (work_budget.hpp).
struct YieldDue {};

using TransportEvent = std::variant<PacketReceived, HostKeyOffered, HostSignatureWanted,
                                    PongReceived, Rekeyed, PeerDisconnected, YieldDue>;

}  // namespace culvert
