// What a peer sends in a key exchange with ML-KEM-768, anything at all: a public key, and a
// ciphertext for a key pair that comes from the input, too.
#include <array>
#include <optional>

#include "common/crypto/mlkem768_backends.hpp"
#include "tests/fuzz/fuzz_input.hpp"

using namespace culvert;
using namespace culvert::fuzz;

namespace {

template <std::size_t N>
std::array<std::byte, N> take(FuzzInput& input) {
    std::array<std::byte, N> bytes{};
    std::ranges::copy(input.take(N), bytes.begin());
    return bytes;
}

/// Bit by bit, as FIPS 203 7.2 has it.
bool is_reduced(const MlKem768::PublicKey& key) {
    for (std::size_t number = 0; number < 768; ++number) {
        unsigned coefficient = 0;
        for (std::size_t bit = 12; bit-- > 0;) {
            const std::size_t at = 12 * number + bit;
            coefficient = coefficient * 2 + (std::to_integer<unsigned>(key[at / 8]) >> at % 8 & 1);
        }
        if (coefficient > 3328) return false;
    }
    return true;
}

struct Result {
    MlKem768::Ciphertext ciphertext{};
    std::array<std::byte, 32> secret{};

    bool operator==(const Result&) const = default;
};

std::optional<Result> encapsulate(const MlKem768Backend& backend, const MlKem768::PublicKey& key,
                                  MlKem768Backend::Message message) {
    Result made;
    if (!backend.encapsulate(key, message, made.ciphertext, made.secret)) {
        require(made == Result{}, "nothing is written for a key that is refused");
        return std::nullopt;
    }
    return made;
}

void try_public_key(FuzzInput& input) {
    const auto message = take<32>(input);
    const auto key = take<1184>(input);
    const auto made = encapsulate(own_mlkem768, key, message);
    require(made.has_value() == is_reduced(key), "a key is refused exactly where it isn't reduced");
    for (const MlKem768Backend& backend : available_mlkem768_backends()) {
        require(encapsulate(backend, key, message) == made, "the backends make the same");
    }
}

/// The input is the difference to a right ciphertext: zeros change nothing.
void try_ciphertext(FuzzInput& input) {
    MlKem768::PublicKey public_key;
    std::array<std::byte, 2400> private_key;
    own_mlkem768.generate(take<64>(input), public_key, private_key);
    require(is_reduced(public_key), "our own key is reduced");
    const auto made = encapsulate(own_mlkem768, public_key, take<32>(input));
    require(made.has_value(), "our own key is taken");

    auto ciphertext = made->ciphertext;
    for (std::byte& byte : ciphertext) byte ^= static_cast<std::byte>(input.byte());
    std::array<std::byte, 32> secret;
    own_mlkem768.decapsulate(private_key, ciphertext, secret);
    require((secret == made->secret) == (ciphertext == made->ciphertext),
            "the secret is the same where the ciphertext is");
    for (const MlKem768Backend& backend : available_mlkem768_backends()) {
        std::array<std::byte, 32> again;
        backend.decapsulate(private_key, ciphertext, again);
        require(again == secret, "the backends get the same");
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    FuzzInput input{data, size};
    if (input.byte() % 2 == 0) {
        try_public_key(input);
    } else {
        try_ciphertext(input);
    }
    return 0;
}
