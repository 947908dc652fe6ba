// That no secret is left on the stack: our implementation runs on a stack of its own, which is
// searched afterwards.
#include <doctest/doctest.h>
#include <ucontext.h>

#include <algorithm>
#include <cstring>
#include <optional>
#include <string>

#include "common/crypto/keccak.hpp"
#include "common/crypto/mlkem768_encoding.hpp"
#include "common/crypto/mlkem768_sampling.hpp"
#include "tests/unit/common/crypto/mlkem768_cases.hpp"
#include "tests/unit/common/crypto/test_random.hpp"

using namespace culvert;
using namespace culvert::test;

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)  // they don't know such stacks

namespace {

// Everything that the tests write themselves lies outside of that stack.
ucontext_t main_context;
void (*to_run)();
std::array<std::byte, 64> seed;
std::array<std::byte, 32> message;
MlKem768Keys keys;
MlKem768Encapsulated made;
std::array<std::byte, 32> secret;
std::optional<ScriptedRandom> script;

ByteVector stack_after(void (*function)()) {
    ByteVector stack(std::size_t{64} * 1024, std::byte{0x55});
    ucontext_t context;
    getcontext(&context);
    context.uc_stack.ss_sp = stack.data();
    context.uc_stack.ss_size = stack.size();
    context.uc_link = &main_context;
    to_run = function;
    makecontext(
        &context, [] { to_run(); }, 0);
    swapcontext(&main_context, &context);
    return stack;
}

struct NamedSecret {
    std::string name;
    ByteVector bytes;
};

ByteVector copy(Bytes bytes) { return {bytes.begin(), bytes.end()}; }

ByteVector transformed_noise(Bytes from, std::uint8_t nonce) {
    mlkem768::Polynomial polynomial;
    mlkem768::sample_noise(polynomial, from.first<32>(), nonce);
    mlkem768::ntt(polynomial);
    return copy(std::as_bytes(std::span{polynomial.coefficients}));
}

/// What is the same in any implementation: inputs, outputs and what FIPS 203 computes between them.
std::vector<NamedSecret> known_secrets() {
    std::vector<NamedSecret> secrets{
        {"d and z", copy(seed)},
        {"the message", copy(message)},
        {"the shared secret", copy(secret)},
        {"the private key", copy(std::span{keys.private_key}.first(1152))}};
    ByteVector derived(64);
    const std::array<std::byte, 1> k{std::byte{3}};
    Keccak{Keccak::sha3_512}.absorb(std::span{seed}.first<32>()).absorb(k).squeeze(derived);
    secrets.push_back({"sigma", copy(std::span{derived}.last(32))});
    secrets.push_back({"the key's error", transformed_noise(std::span{derived}.last(32), 5)});
    Keccak{Keccak::sha3_512}
        .absorb(message)
        .absorb(std::span{keys.private_key}.subspan<2336, 32>())
        .squeeze(derived);
    secrets.push_back({"the encryption's randomness", copy(std::span{derived}.last(32))});
    secrets.push_back({"the vector y", transformed_noise(std::span{derived}.last(32), 1)});
    ByteVector bits(128);
    const std::array<std::byte, 1> last{std::byte{6}};
    Keccak{Keccak::shake256}.absorb(std::span{derived}.last(32)).absorb(last).squeeze(bits);
    secrets.push_back({"the last noise's bits", bits});
    mlkem768::Polynomial polynomial;
    for (std::size_t i = 0; i < 3; ++i) {
        mlkem768::decode(polynomial, std::span{keys.private_key}.subspan(384 * i, 384), 12);
        secrets.push_back({"a polynomial of the private key",
                           copy(std::as_bytes(std::span{polynomial.coefficients}))});
    }
    mlkem768::decode(polynomial, message, 1);
    mlkem768::decompress(polynomial, 1);
    secrets.push_back(
        {"the message as a polynomial", copy(std::as_bytes(std::span{polynomial.coefficients}))});
    return secrets;
}

/// Any 16 bytes of it: eight are what one register holds, and may be spilled. Zeros are everywhere.
bool has_part_of(Bytes stack, Bytes bytes) {
    constexpr std::size_t part = 16;
    for (std::size_t at = 0; at + part <= bytes.size(); at += part) {
        const Bytes now = bytes.subspan(at, part);
        const auto zeros = std::ranges::count(now, std::byte{0});
        if (zeros < 16 && memmem(stack.data(), stack.size(), now.data(), part) != nullptr)
            return true;
    }
    return false;
}

void check_stack(void (*function)()) {
    const ByteVector stack = stack_after(function);
    CHECK(std::ranges::count(stack, std::byte{0x55}) <
          static_cast<std::ptrdiff_t>(stack.size()) - 2000);
    for (const NamedSecret& known : known_secrets()) {
        CAPTURE(known.name);
        CHECK(!has_part_of(stack, known.bytes));
    }
}

}  // namespace

TEST_CASE("no secret of ML-KEM-768 is left on the stack") {
    SeededRandom random{9};
    random.fill(seed);
    random.fill(message);
    keys = generate(own_mlkem768, seed);
    made = *encapsulate(own_mlkem768, keys.public_key, message);
    secret = decapsulate(own_mlkem768, keys.private_key, made.ciphertext);

    SUBCASE("what the search would find") {
        const auto leak = [] {
            auto copy_on_stack = message;
            asm volatile("" : : "r"(copy_on_stack.data()) : "memory");
        };
        CHECK(has_part_of(stack_after(leak), message));
    }
    SUBCASE("after a key pair") {
        check_stack([] { own_mlkem768.generate(seed, keys.public_key, keys.private_key); });
    }
    SUBCASE("after an encapsulation") {
        check_stack([] {
            own_mlkem768.encapsulate(keys.public_key, message, made.ciphertext, made.secret);
        });
    }
    SUBCASE("after a decapsulation") {
        check_stack([] { own_mlkem768.decapsulate(keys.private_key, made.ciphertext, secret); });
    }
    SUBCASE("by the class that uses it") {
        if (mlkem768_backend_name() != own_mlkem768.name) return;
        ByteVector bytes = copy(seed);
        append(bytes, message);
        script.emplace(bytes);
        check_stack([] { const MlKem768 ours{*script}; });
        check_stack([] { MlKem768::encapsulate(keys.public_key, *script); });
    }
}

#endif
