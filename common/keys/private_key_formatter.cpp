#include <algorithm>

#include "common/crypto/base64.hpp"
#include "common/keys/private_key.hpp"
#include "common/keys/private_key_format.hpp"
#include "common/wire/writer.hpp"

namespace culvert {
namespace {

using namespace openssh_key;

constexpr std::size_t line_length = 70;  // ssh-keygen's

// Vectors here hold the secret, and leave copies behind when they grow: each is given its size
// before the first byte, and taken over by a SecretBytes, which wipes it.
ByteVector vector_for(std::size_t capacity) {
    ByteVector bytes;
    bytes.reserve(capacity);
    return bytes;
}

SecretBytes private_section(const PrivateKey& key, Random& random) {
    ByteVector bytes = vector_for(256 + key.comment().size());
    Writer out{bytes};
    std::array<std::byte, 4> check{};
    random.fill(check);
    out.raw(check);
    out.raw(check);
    out.raw(key.public_key().blob());
    out.string(key.ed25519().reveal());
    out.string(key.comment());
    for (std::uint8_t padding = 1; bytes.size() % block_size != 0; ++padding) out.byte(padding);
    return SecretBytes::take(bytes);
}

SecretBytes encoded(const PrivateKey& key, Random& random) {
    const SecretBytes section = private_section(key, random);
    ByteVector bytes = vector_for(256 + section.size());
    Writer out{bytes};
    out.raw(bytes_of(magic));
    out.string(std::string_view{"none"});  // cipher
    out.string(std::string_view{"none"});  // key derivation
    out.string(Bytes{});                   // and its options
    out.uint32(1);                         // the number of keys
    out.string(key.public_key().blob());
    out.string(section.reveal());
    return SecretBytes::take(bytes);
}

}  // namespace

SecretBytes format_private_key(const PrivateKey& key, Random& random) {
    std::string base64 = base64_encode(encoded(key, random).reveal());
    ByteVector text = vector_for(2 * base64.size() + 128);
    const auto add_line = [&text](std::string_view line) {
        append(text, bytes_of(line));
        text.push_back(std::byte{'\n'});
    };
    add_line(begin_line);
    for (std::string_view rest = base64; !rest.empty();) {
        add_line(rest.substr(0, line_length));
        rest.remove_prefix(std::min(line_length, rest.size()));
    }
    add_line(end_line);
    SecretBytes::take(std::as_writable_bytes(std::span{base64}));
    return SecretBytes::take(text);
}

}  // namespace culvert
