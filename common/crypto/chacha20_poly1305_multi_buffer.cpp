#include "common/crypto/chacha20_poly1305_backends.hpp"
#include "common/crypto/multi_buffer.hpp"

#ifdef CULVERT_HAVE_IPSEC_MB

#include <algorithm>
#include <cstdlib>

namespace culvert {
namespace {

using Backend = ChaCha20Poly1305Backend;

/// This thread's: a connection lives on one thread. ChaCha20 and Poly1305 are done at once, not
/// gathered for several buffers, so nothing of a job is left in it for the next one.
IMB_MGR* manager() {
    static thread_local const MultiBufferManager own = make_multi_buffer_manager();
    return own.get();
}

/// A job that wasn't done leaves its text as it was: better no program than one that sends that.
void run(IMB_MGR* on, const IMB_JOB* submitted) {
    const IMB_JOB* const done = IMB_SUBMIT_JOB(on);
    if (done != submitted || done->status != IMB_STATUS_COMPLETED) std::abort();
}

void apply_to_body(Backend::Key key, const Backend::Nonce& nonce, MutableBytes body) noexcept {
    if (body.empty()) return;  // which the library takes for a mistake
    // The library has RFC 8439's ChaCha20 and begins with block 1. With 32 zero bits ahead of the
    // nonce it is the original one, for the 256 GiB until those bits would have to count.
    std::array<std::byte, 12> iv{};
    std::ranges::copy(nonce, iv.begin() + 4);
    IMB_MGR* const on = manager();
    IMB_JOB* const job = IMB_GET_NEXT_JOB(on);
    *job = IMB_JOB{};
    job->cipher_mode = IMB_CIPHER_CHACHA20;
    job->cipher_direction = IMB_DIR_ENCRYPT;
    job->chain_order = IMB_ORDER_CIPHER_HASH;
    job->hash_alg = IMB_AUTH_NULL;
    job->enc_keys = key.data();
    job->dec_keys = key.data();
    job->key_len_in_bytes = key.size();
    job->iv = uchar(Bytes{iv});
    job->iv_len_in_bytes = iv.size();
    job->src = uchar(body);
    job->dst = uchar(body);
    job->msg_len_to_cipher_in_bytes = body.size();
    run(on, job);
}

void authenticate(Backend::Key one_time_key, Bytes message, Backend::Tag tag) noexcept {
    IMB_MGR* const on = manager();
    IMB_JOB* const job = IMB_GET_NEXT_JOB(on);
    *job = IMB_JOB{};
    job->cipher_mode = IMB_CIPHER_NULL;
    job->cipher_direction = IMB_DIR_ENCRYPT;
    job->chain_order = IMB_ORDER_HASH_CIPHER;
    job->hash_alg = IMB_AUTH_POLY1305;
    job->u.POLY1305._key = one_time_key.data();
    job->src = uchar(message);
    job->msg_len_to_hash_in_bytes = message.size();
    job->auth_tag_output = uchar(MutableBytes{tag});
    job->auth_tag_output_len_in_bytes = tag.size();
    run(on, job);
}

}  // namespace

void add_multi_buffer_chacha20_poly1305(std::vector<Backend>& backends) {
    if (manager() != nullptr) backends.push_back({"libipsec-mb", apply_to_body, authenticate});
}

}  // namespace culvert

#else

namespace culvert {

void add_multi_buffer_chacha20_poly1305(std::vector<ChaCha20Poly1305Backend>&) {}

}  // namespace culvert

#endif
