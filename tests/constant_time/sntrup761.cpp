// sntrup761. Public are whether a key pair's first polynomial has a reciprocal (declassified where
// it is computed), the public key, and ciphertexts.
#include <algorithm>
#include <array>

#include "common/crypto/sntrup761.hpp"
#include "tests/constant_time/memcheck.hpp"
#include "tests/unit/common/crypto/sntrup761_cases.hpp"

using namespace culvert;
using namespace culvert::constant_time;

namespace {

/// Secret bytes, the same in every run.
class SecretRandom final : public Random {
public:
    explicit SecretRandom(ByteVector first) : random_{std::move(first), 1} {}

    void fill(MutableBytes bytes) override {
        random_.fill(bytes);
        make_secret(bytes);
    }

private:
    test::PrefixedRandom random_;
};

ByteVector shown(const KemSecret& secret) {
    ByteVector bytes{secret.reveal().begin(), secret.reveal().end()};
    make_public(bytes);
    return bytes;
}

/// With the first random bytes as given.
bool exchange(ByteVector first) {
    SecretRandom random{std::move(first)};
    const Sntrup761 ours{random};
    make_public(ours.public_key());

    auto theirs = Sntrup761::encapsulate(ours.public_key(), random);
    make_public(theirs.ciphertext);

    // Whether a ciphertext is rejected is a secret, too; and why: one differs in the polynomial,
    // the other in the confirmation only.
    Sntrup761::Ciphertext changed = theirs.ciphertext;
    changed.front() ^= std::byte{1};
    Sntrup761::Ciphertext unconfirmed = theirs.ciphertext;
    unconfirmed.back() ^= std::byte{1};
    const ByteVector sent = shown(theirs.secret);
    return shown(ours.decapsulate(theirs.ciphertext)) == sent &&
           shown(ours.decapsulate(changed)) != sent && shown(ours.decapsulate(unconfirmed)) != sent;
}

}  // namespace

int main() {
    return check([] {
        // The second's first polynomial has no reciprocal.
        return exchange({}) && exchange(test::bytes_of_small(test::factor_modulo_3));
    });
}
