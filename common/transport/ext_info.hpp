#pragma once

#include "common/wire/reader.hpp"

namespace culvert {

/// What a side announced in EXT_INFO (RFC 8308), as far as we act on it. An extension that we don't
/// know is skipped.
struct Extensions {
    NameList server_sig_algs;  ///< RFC 8308 3.1; empty if the server didn't say
    bool ping = false;         ///< ping@openssh.com, version 0 (OpenSSH PROTOCOL 1.8)
    bool reset = false;        ///< reset@culvert.internal, version 0 (docs/protocol.md)
};

/// Throws ProtocolError if the message is garbled or names more than 64 extensions.
Extensions decode_ext_info(Bytes payload);

/// A whole EXT_INFO payload.
ByteVector encode_ext_info(const Extensions& ours);

}  // namespace culvert
