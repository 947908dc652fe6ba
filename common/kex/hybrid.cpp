#include "common/kex/hybrid.hpp"

#include <algorithm>
#include <array>
#include <memory>

#include <fmt/format.h>

#include "common/crypto/mlkem768.hpp"
#include "common/crypto/sntrup761.hpp"
#include "common/crypto/x25519.hpp"
#include "common/kex/kex_failed.hpp"
#include "common/kex/x25519_secret.hpp"

namespace culvert {
namespace {

struct MlKem768X25519 {
    using Kem = MlKem768;
    static constexpr HashAlgorithm hash = HashAlgorithm::sha256;
    static constexpr std::string_view name = "mlkem768x25519";
};

struct Sntrup761X25519 {
    using Kem = Sntrup761;
    static constexpr HashAlgorithm hash = HashAlgorithm::sha512;
    static constexpr std::string_view name = "sntrup761x25519";
};

/// What one of the two messages carries.
template <class KemPart>
struct Share {
    static constexpr std::size_t size = std::tuple_size_v<KemPart> + 32;

    KemPart kem;
    X25519PublicKey x25519;

    /// Throws ProtocolError for another length.
    static Share read(Bytes bytes, std::string_view whose) {
        if (bytes.size() != size) {
            throw kex_failed(fmt::format("the {} key share has {} bytes instead of {}", whose,
                                         bytes.size(), size));
        }
        Share share;
        std::ranges::copy(bytes.first(share.kem.size()), share.kem.begin());
        std::ranges::copy(bytes.last(share.x25519.size()), share.x25519.begin());
        return share;
    }
    static ByteVector write(const KemPart& kem, const X25519PublicKey& x25519) {
        ByteVector bytes;
        bytes.reserve(size);
        bytes.insert(bytes.end(), kem.begin(), kem.end());
        bytes.insert(bytes.end(), x25519.begin(), x25519.end());
        return bytes;
    }
};

template <class Method>
class Hybrid final : public KexMethod {
public:
    explicit Hybrid(Random& random) : random_{random}, x25519_{random} {}

    HashAlgorithm hash() const noexcept override { return Method::hash; }
    Bytes client_init() override;
    KexSecret on_server_reply(Bytes reply) override;
    Answer on_client_init(Bytes init) override;

private:
    using Kem = typename Method::Kem;
    using ClientShare = Share<typename Kem::PublicKey>;
    using ServerShare = Share<typename Kem::Ciphertext>;

    KexSecret secret_of(const KemSecret& kem_secret, const X25519PublicKey& peer) const;

    Random& random_;
    X25519KeyPair x25519_;
    std::unique_ptr<Kem> kem_;  ///< a client's: a server has no key pair of its own
    ByteVector client_init_;
};

template <class Method>
Bytes Hybrid<Method>::client_init() {
    if (!kem_) {
        kem_ = std::make_unique<Kem>(random_);
        client_init_ = ClientShare::write(kem_->public_key(), x25519_.public_key());
    }
    return client_init_;
}

template <class Method>
KexSecret Hybrid<Method>::on_server_reply(Bytes reply) {
    const auto share = ServerShare::read(reply, fmt::format("server's {}", Method::name));
    return secret_of(kem_->decapsulate(share.kem), share.x25519);
}

template <class Method>
KexMethod::Answer Hybrid<Method>::on_client_init(Bytes init) {
    const auto share = ClientShare::read(init, fmt::format("client's {}", Method::name));
    const std::optional<typename Kem::Encapsulation> made = Kem::encapsulate(share.kem, random_);
    if (!made) {
        throw kex_failed("the client's ML-KEM-768 key has a coefficient above 3328 (FIPS 203 7.2)");
    }
    return {ServerShare::write(made->ciphertext, x25519_.public_key()),
            secret_of(made->secret, share.x25519)};
}

template <class Method>
KexSecret Hybrid<Method>::secret_of(const KemSecret& kem_secret,
                                    const X25519PublicKey& peer) const {
    const SharedSecret x25519_secret = x25519_secret_with(peer, x25519_);
    const Digest both =
        Hasher{Method::hash}.update(kem_secret.reveal()).update(x25519_secret.reveal()).finish();
    return KexSecret::string_of(both);
}

}  // namespace

std::unique_ptr<KexMethod> make_mlkem768_x25519(Random& random) {
    return std::make_unique<Hybrid<MlKem768X25519>>(random);
}

std::unique_ptr<KexMethod> make_sntrup761_x25519(Random& random) {
    return std::make_unique<Hybrid<Sntrup761X25519>>(random);
}

}  // namespace culvert
