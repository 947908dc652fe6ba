#pragma once

#include "common/base/bytes.hpp"
#include "common/crypto/base64.hpp"
#include "common/crypto/sha2.hpp"
#include "common/wire/reader.hpp"
#include "common/wire/writer.hpp"
#include "tests/unit/common/keys/key_vectors.hpp"

namespace culvert::test {

/// What ssh-keygen -Y signed, and its signature (OpenSSH's PROTOCOL.sshsig).
struct SshSig {
    ByteVector signed_data;
    ByteVector signature_blob;
};

inline SshSig keygen_sshsig() {
    const ByteVector file = base64_decode(sshsig_of_keygen).value();
    Reader in{file};
    in.raw(6);    // SSHSIG
    in.uint32();  // version
    in.string();  // public key
    in.string();  // namespace: file
    in.string();  // reserved
    in.string();  // hash: sha512
    const Bytes signature = in.string();

    SshSig sig{{}, {signature.begin(), signature.end()}};
    Writer out{sig.signed_data};
    out.raw(bytes_of("SSHSIG"));
    out.string(std::string_view{"file"});
    out.string(std::string_view{});
    out.string(std::string_view{"sha512"});
    out.string(sha512(bytes_of("signed by OpenSSH")));
    return sig;
}

}  // namespace culvert::test
