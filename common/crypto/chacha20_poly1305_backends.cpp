#include "common/crypto/chacha20_poly1305_backends.hpp"

#include <sodium.h>

#include "common/crypto/sodium.hpp"

namespace culvert {
namespace {

constexpr std::uint64_t first_body_block = 1;  // block 0 gives the Poly1305 key

using Backend = ChaCha20Poly1305Backend;

void apply_to_body(Backend::Key key, const Backend::Nonce& nonce, MutableBytes body) noexcept {
    crypto_stream_chacha20_xor_ic(uchar(body), uchar(body), body.size(), uchar(Bytes{nonce}),
                                  first_body_block, uchar(key));
}

void authenticate(Backend::Key one_time_key, Bytes message, Backend::Tag tag) noexcept {
    crypto_onetimeauth_poly1305(uchar(MutableBytes{tag}), uchar(message), message.size(),
                                uchar(one_time_key));
}

}  // namespace

const std::vector<Backend>& available_chacha20_poly1305_backends() {
    static const std::vector<Backend> backends = [] {
        start_crypto();
        std::vector<Backend> found;
        add_multi_buffer_chacha20_poly1305(found);
        found.push_back({"libsodium", apply_to_body, authenticate});
        return found;
    }();
    return backends;
}

}  // namespace culvert
