// That no secret is left on the stack: what runs on a stack of its own is looked for there.
#include <doctest/doctest.h>

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "common/crypto/sha2.hpp"
#include "common/crypto/sntrup761.hpp"
#include "common/crypto/sntrup761_encoding.hpp"
#include "common/crypto/sntrup761_sampling.hpp"
#include "tests/unit/common/crypto/own_stack.hpp"
#include "tests/unit/common/crypto/test_random.hpp"

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)

namespace culvert::sntrup761 {
namespace {

struct NamedSecret {
    std::string name;
    ByteVector bytes;
};

ByteVector copy(Bytes bytes) { return {bytes.begin(), bytes.end()}; }
ByteVector copy(const Polynomial& polynomial) {
    return copy(std::as_bytes(std::span{polynomial}.first<p>()));
}

constexpr std::size_t draw_size = 4 * p;

/// The random bytes of a key pair and of one encapsulation.
ByteVector random_bytes() {
    ByteVector bytes(3 * draw_size + small_size);
    test::SeededRandom{7}.fill(bytes);
    return bytes;
}
constexpr std::size_t of_encapsulation = 2 * draw_size + small_size;

std::vector<NamedSecret> secrets_of_generation() {
    const ByteVector bytes = random_bytes();
    const Bytes g_bytes = std::span{bytes}.first(draw_size);
    const Bytes f_bytes = std::span{bytes}.subspan(draw_size, draw_size);
    Polynomial f;
    Polynomial g;
    Polynomial inverse;
    test::ScriptedRandom random{bytes};
    sample_small(g, random);
    sample_short(f, random);
    std::vector<NamedSecret> secrets{
        {"g's random bytes", copy(g_bytes)},
        {"f's random bytes", copy(f_bytes)},
        {"what rejected ciphertexts give",
         copy(std::span{bytes}.subspan(2 * draw_size, small_size))},
        {"f", copy(f)},
        {"g", copy(g)},
    };
    invert_modulo_3(inverse, g);
    secrets.push_back({"1 / g", copy(inverse)});
    invert_three_times(inverse, f);
    secrets.push_back({"1 / 3f", copy(inverse)});
    std::array<std::byte, small_size> encoded;
    encode_small(f, encoded);
    secrets.push_back({"f, encoded", copy(encoded)});
    return secrets;
}

std::vector<NamedSecret> secrets_of_encapsulation(const KemSecret& secret) {
    const ByteVector bytes = random_bytes();
    const Bytes r_bytes = std::span{bytes}.subspan(of_encapsulation);
    Polynomial r;
    test::ScriptedRandom random{copy(r_bytes)};
    sample_short(r, random);
    std::array<std::byte, small_size> encoded;
    encode_small(r, encoded);
    const std::byte prefix{3};
    const Sha512Digest hash = Sha512{}.update({&prefix, 1}).update(encoded).finish();
    return {
        {"r's random bytes", copy(r_bytes)},   {"r", copy(r)},
        {"r, encoded", copy(encoded)},         {"r's hash", copy(hash)},
        {"the secret", copy(secret.reveal())},
    };
}

void check_wiped(Bytes stack, const std::vector<NamedSecret>& secrets) {
    CHECK(std::ranges::count(stack, test::untouched) <
          static_cast<std::ptrdiff_t>(stack.size()) - 8000);
    for (const NamedSecret& secret : secrets) {
        CAPTURE(secret.name);
        CHECK_FALSE(test::has_part_of(stack, secret.bytes));
    }
}

}  // namespace

TEST_CASE("no secret of sntrup761 is left on the stack") {
    test::ScriptedRandom random{random_bytes()};
    std::optional<Sntrup761> ours;
    std::optional<Sntrup761::Encapsulation> theirs;
    std::optional<KemSecret> received;
    const ByteVector after_generation = test::stack_after([&] { ours.emplace(random); });
    const ByteVector after_encapsulation = test::stack_after(
        [&] { theirs.emplace(Sntrup761::encapsulate(ours->public_key(), random)); });
    const ByteVector after_decapsulation =
        test::stack_after([&] { received.emplace(ours->decapsulate(theirs->ciphertext)); });
    REQUIRE(std::ranges::equal(received->reveal(), theirs->secret.reveal()));

    std::vector<NamedSecret> secrets = secrets_of_generation();
    check_wiped(after_generation, secrets);
    std::ranges::move(secrets_of_encapsulation(*received), std::back_inserter(secrets));
    check_wiped(after_encapsulation, secrets);
    check_wiped(after_decapsulation, secrets);
}

TEST_CASE("a secret that is left on the stack is found") {
    const ByteVector secret = random_bytes();
    const ByteVector stack = test::stack_after([&] {
        std::array<std::byte, small_size> left;
        std::copy_n(secret.begin(), left.size(), left.begin());
        asm volatile("" : : "r"(left.data()) : "memory");
    });
    CHECK(test::has_part_of(stack, std::span{secret}.first<small_size>()));
    CHECK_FALSE(test::has_part_of(stack, std::span{secret}.last<small_size>()));
}

}  // namespace culvert::sntrup761

#endif
