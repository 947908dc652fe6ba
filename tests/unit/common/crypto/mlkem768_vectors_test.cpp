// The vectors of C2SP's Wycheproof (data/mlkem768/pack.py says what is in its files) and OpenSSH's.
#include <doctest/doctest.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "common/crypto/keccak.hpp"
#include "common/crypto/sha2.hpp"
#include "tests/unit/common/crypto/hex.hpp"
#include "tests/unit/common/crypto/mlkem768_cases.hpp"

using namespace culvert;
using namespace culvert::test;

namespace {

ByteVector read_vectors(const char* name) {
    std::ifstream file{std::string{CULVERT_TEST_DATA "/mlkem768/"} + name, std::ios::binary};
    const std::string text{std::istreambuf_iterator<char>{file}, {}};
    REQUIRE(!text.empty());
    const Bytes bytes = bytes_of(text);
    return {bytes.begin(), bytes.end()};
}

/// A record, from whose front its parts are taken.
class Record {
public:
    explicit Record(Bytes bytes) : rest_{bytes} {}

    template <std::size_t N>
    std::array<std::byte, N> take() {
        std::array<std::byte, N> part;
        std::ranges::copy(rest_.first(N), part.begin());
        rest_ = rest_.subspan(N);
        return part;
    }

private:
    Bytes rest_;
};

std::vector<Record> split(const ByteVector& file, std::size_t record_size) {
    REQUIRE(file.size() % record_size == 0);
    std::vector<Record> records;
    for (Bytes rest = file; !rest.empty(); rest = rest.subspan(record_size)) {
        records.emplace_back(rest.first(record_size));
    }
    return records;
}

/// The key with 3329 added to each coefficient where 12 bits have room for it.
MlKem768::PublicKey unreduced(MlKem768::PublicKey key) {
    for (std::size_t i = 0; i < 768; ++i) {
        const unsigned raised = coefficient(key, i) + 3329;
        if (raised < 4096) set_coefficient(key, i, raised);
    }
    return key;
}

/// Calls `check` with every backend, and each record of the file with it.
template <class Check>
void for_each_vector(const char* name, std::size_t record_size, std::size_t count, Check check) {
    const ByteVector file = read_vectors(name);
    for (const MlKem768Backend& backend : available_mlkem768_backends()) {
        CAPTURE(backend.name);
        const std::vector<Record> records = split(file, record_size);
        REQUIRE(records.size() == count);
        for (std::size_t i = 0; i < count; ++i) {
            CAPTURE(i);
            check(backend, records[i], i);
        }
    }
}

}  // namespace

TEST_CASE("Wycheproof: key pairs, encapsulation and decapsulation; public keys not reduced") {
    constexpr std::size_t with_private_key = 100;
    for_each_vector("agreements", 160, 130, [](const auto& backend, Record vector, std::size_t i) {
        const auto keys = generate(backend, vector.take<64>());
        const auto made = encapsulate(backend, keys.public_key, vector.take<32>());
        const auto secret = vector.take<32>();
        REQUIRE(made.has_value());
        CHECK(hex(made->secret) == hex(secret));
        CHECK(hex(decapsulate(backend, keys.private_key, made->ciphertext)) == hex(secret));

        Sha256 outputs;
        outputs.update(keys.public_key);
        if (i < with_private_key) outputs.update(keys.private_key);
        CHECK(hex(outputs.update(made->ciphertext).finish()) == hex(vector.take<32>()));

        if (i < with_private_key) {
            CHECK(!encapsulate(backend, unreduced(keys.public_key), std::array<std::byte, 32>{}));
        }
    });
}

TEST_CASE("Wycheproof: encapsulation for keys whose secret or error is zero") {
    for_each_vector("given_keys", 1280, 3, [](const auto& backend, Record vector, std::size_t) {
        const auto key = vector.take<1184>();
        const auto made = encapsulate(backend, key, vector.take<32>());
        REQUIRE(made.has_value());
        CHECK(hex(made->secret) == hex(vector.take<32>()));
        CHECK(hex(sha256(made->ciphertext)) == hex(vector.take<32>()));
    });
}

TEST_CASE("Wycheproof: a public key with one coefficient of 3329 or 4095 is refused") {
    const ByteVector file = read_vectors("overflows");
    const auto key = Record{file}.take<1184>();
    for (const MlKem768Backend& backend : available_mlkem768_backends()) {
        CAPTURE(backend.name);
        CHECK(encapsulate(backend, key, std::array<std::byte, 32>{}));
        const ByteVector changes{file.begin() + 1184, file.end()};
        const std::vector<Record> records = split(changes, 4);
        REQUIRE(records.size() == 12);
        for (Record change : records) {
            const auto number = [&] {
                const auto bytes = change.take<2>();
                return std::to_integer<unsigned>(bytes[0]) << 8 |
                       std::to_integer<unsigned>(bytes[1]);
            };
            auto changed = key;
            const unsigned index = number();
            CAPTURE(index);
            set_coefficient(changed, index, number());
            CHECK(!encapsulate(backend, changed, std::array<std::byte, 32>{}));
        }
    }
}

TEST_CASE("Wycheproof: decapsulation of ciphertexts that are random, flipped, or rejected late") {
    for_each_vector(
        "given_ciphertexts", 1184, 23, [](const auto& backend, Record vector, std::size_t) {
            const auto keys = generate(backend, vector.take<64>());
            const auto secret = decapsulate(backend, keys.private_key, vector.take<1088>());
            CHECK(hex(secret) == hex(vector.take<32>()));
        });
}

TEST_CASE("Wycheproof: decapsulation with expanded private keys") {
    for_each_vector("given_private_keys", 3520, 3,
                    [](const auto& backend, Record vector, std::size_t) {
                        const auto key = vector.take<2400>();
                        const auto secret = decapsulate(backend, key, vector.take<1088>());
                        CHECK(hex(secret) == hex(vector.take<32>()));
                    });
}

// regress/unittests/crypto/test_mlkem.c of OpenSSH 10.5.
TEST_CASE("OpenSSH's ML-KEM-768 vectors") {
    struct Row {
        const char *seed, *public_key_hash, *private_key_hash, *message, *ciphertext_hash, *secret;
    };
    const auto sha3 = [](Bytes bytes) {
        std::array<std::byte, 32> digest;
        Keccak{Keccak::sha3_256}.absorb(bytes).squeeze(digest);
        return hex(digest);
    };
    for (const Row& row : {
             Row{"7c9935a0b07694aa0c6d10e4db6b1add2fd81a25ccb148032dcd739936737f2d"
                 "8626ed79d451140800e03b59b956f8210e556067407d13dc90fa9e8b872bfb8f",
                 "f57262661358cde8d3ebf990e5fd1d5b896c992ccfaadb5256b68bbf5943b132",
                 "7deef44965b03d76de543ad6ef9e74a2772fa5a9fa0e761120dac767cf0152ef",
                 "147c03f7a5bebba406c8fae1874d7f13c80efe79a3a9a874cc09fe76f6997615",
                 "6e777e2cf8054659136a971d9e70252f301226930c19c470ee0688163a63c15b",
                 "e7184a0975ee3470878d2d159ec83129c8aec253d4ee17b4810311d198cd0368"},
             Row{"d60b93492a1d8c1c7ba6fc0b733137f3406cee8110a93f170e7a78658af326d9"
                 "003271531cf27285b8721ed5cb46853043b346a66cba6cf765f1b0eaa40bf672",
                 "7b00751eb9b1253231213f8a14f06f0fe1b7a4fdb7d1cfe44c161e577e5e8f0a",
                 "3a8c009e8e648ac572d5592e4a92907fae0c1767be41c544b59dc3ffe61f7ded",
                 "cde797df8ce67231f6c5d15811843e01eb2ab84c7490931240822adbddd72046",
                 "bce1bf3450f574130b9561ee11565fa41d599d05d2136f10ad2c013eb5d13ca9",
                 "5f0c5d9f39d3e724b5a2bd54e69e360f72ffab5d4d6cc5e572fecba80acd4796"},
             Row{"4b622de1350119c45a9f2e2ef3dc5df50a759d138cdfbd64c81cc7cc2f513345"
                 "e82fcc97ca60ccb27bf6938c975658aeb8b4d37cffbde25d97e561f36c219ade",
                 "9bda55b63cffa9bf953993918b18cd6595ea6433b479e89b5cd3c9339e4468cb",
                 "d5fc96564df6e53622b2db8295a80a44e3bad7147696e2ad1f728639c98791b1",
                 "f43f68fbd694f0a6d307297110ecd4739876489fdf07eb9b03364e2ed0ff96e9",
                 "2a8b5d9bdcac1b7ffb6d655368e15148308eee98ae34f4105eaae87f24a008a2",
                 "7f3bcc03a35a0030255264914e5d88a0c93611c7ca21f0609678a88ca42ce1c9"},
             Row{"050d58f9f757edc1e8180e3808b806f5bbb3586db3470b069826d1bb9a4efc2c"
                 "de950541fd53a8a47aaa8cdfe80d928262a5ef7f8129ec3ef92f78d7cc32ef60",
                 "647a81f0f1b3e3dacb6e73e900f7c078cdfaa7119a5ede48c7685fdb7e0fe2f5",
                 "1cf686cb8732c73a38b35d73b0b28fb120bc89cda1554d9f12adedc057862081",
                 "ea74fbc3c546500ed684bed6fe3c496d3b86d2d6dfaf223969b942e9a8c95e85",
                 "1c51c85ce66d80c1f9bb138e5bce84dd75cee4260c8817e06c6f2bd920601530",
                 "c630736985fdb7830d7446e18b6b81fa4a707a6058964b99190120de85e7559c"},
             Row{"66b79b844e0c2adad694e0478661ac46fe6b6001f6a71ff8e2f034b1fd8833d3"
                 "be2d3c64d38269a1ee8660b9a2beaeb9f5ac022e8f0a357feebfd13b06813854",
                 "811aea11a24a4b09e428415f82ee836e930c3b77867aafc5e6728149e3f2bd1b",
                 "6a1ff1351c538a5661fc3576c29408c19f42da3688fa16f9ec5ead6a84420db5",
                 "64efa87a12cb96f98b9b81a7e5128a959c74e5332aaab0444fca7b4a5e5e0216",
                 "db4dedc1e4d383acaf974fb50ffbf881bd3938ad196fb9aebeeb1bf1ddc94e10",
                 "41e078d0d0c4fe5df5c6683171d5c1c3f1ef152c4945f9cb299f74278ce4cc4f"},
         }) {
        for (const MlKem768Backend& backend : available_mlkem768_backends()) {
            CAPTURE(backend.name);
            const auto keys = generate(backend, unhex_array<64>(row.seed));
            CHECK(sha3(keys.public_key) == row.public_key_hash);
            CHECK(sha3(keys.private_key) == row.private_key_hash);
            const auto made = encapsulate(backend, keys.public_key, unhex_array<32>(row.message));
            REQUIRE(made.has_value());
            CHECK(sha3(made->ciphertext) == row.ciphertext_hash);
            CHECK(hex(made->secret) == row.secret);
            CHECK(hex(decapsulate(backend, keys.private_key, made->ciphertext)) == row.secret);
        }
    }
}
