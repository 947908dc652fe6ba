// KEXINIT payloads, and what both roles make of them (RFC 4253 7.1).
#include "common/transport/proposal.hpp"
#include "common/wire/protocol_error.hpp"
#include "tests/fuzz/fuzz_input.hpp"

using namespace culvert;
using namespace culvert::fuzz;

namespace {

bool has(const NameList& list, const std::string& name) {
    return std::ranges::find(list, name) != list.end();
}

void negotiate_as(Role us, const msg::KexInit& theirs, const Algorithms& algorithms) {
    const msg::KexInit ours = make_kexinit(algorithms, us, Exchange::first);
    const auto& client = us == Role::client ? ours : theirs;
    const auto& server = us == Role::client ? theirs : ours;
    (void)guess_is_right(client, server);
    (void)asks_strict_kex(theirs, us);
    (void)asks_ext_info(theirs, us);
    try {
        const Negotiated agreed = negotiate(client, server, us);
        require(has(algorithms.kex, agreed.kex) && has(theirs.kex_algorithms, agreed.kex),
                "the key exchange is one that both offer, and no marker");
        require(has(algorithms.ciphers, agreed.cipher_client_to_server) &&
                    has(theirs.ciphers_client_to_server, agreed.cipher_client_to_server),
                "the cipher is one that both offer");
        require(has(algorithms.compression, agreed.compression_server_to_client) &&
                    has(theirs.compression_server_to_client, agreed.compression_server_to_client),
                "the compression is one that both offer");
    } catch (const ProtocolError& error) {
        require(std::string_view{error.what()}.size() < 4096, "a refusal is no novel");
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    FuzzInput input{data, size};
    try {
        const auto message = decode<msg::KexInit>(input.rest());
        const ByteVector again = encoded(message);
        require(encoded(decode<msg::KexInit>(again)) == again, "it is written as it is read");
        Algorithms algorithms;
        algorithms.ciphers = {std::string{aes256_gcm}, std::string{chacha20_poly1305}};
        algorithms.compression = {"zlib@openssh.com", "none"};
        negotiate_as(Role::client, message, algorithms);
        negotiate_as(Role::server, message, algorithms);
    } catch (const ProtocolError&) {
    }
    return 0;
}
