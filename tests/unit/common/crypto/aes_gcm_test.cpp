#include "common/crypto/aes_gcm.hpp"

#include <doctest/doctest.h>

#include <string>

#include "common/base/error.hpp"
#include "common/crypto/secret_bytes.hpp"
#include "tests/unit/common/crypto/hex.hpp"
#include "tests/unit/common/crypto/test_random.hpp"

using namespace culvert;
using test::hex;
using test::unhex;
using test::unhex_array;

namespace {

using Tag = std::array<std::byte, Aes256Gcm::tag_size>;

std::unique_ptr<Aes256Gcm> aes_gcm_of(AesGcmBackend backend, std::string_view key) {
    auto bytes = unhex_array<32>(key);
    return make_aes256_gcm(backend, CipherKey{std::span{bytes}});
}

constexpr const char* some_key = "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308";

struct GcmVector {
    const char* name;
    const char* key;
    const char* iv;
    const char* aad;
    const char* plain;
    const char* sealed;
    const char* tag;
};

// "GCM": McGrew and Viega, The Galois/Counter Mode of Operation, appendix B. "W": Wycheproof,
// aes_gcm_test.json.
const GcmVector vectors[] = {
    {"GCM 13", "0000000000000000000000000000000000000000000000000000000000000000",
     "000000000000000000000000", "", "", "", "530f8afbc74536b9a963b4f1c4cb738b"},
    {"GCM 14", "0000000000000000000000000000000000000000000000000000000000000000",
     "000000000000000000000000", "", "00000000000000000000000000000000",
     "cea7403d4d606b6e074ec5d3baf39d18", "d0d1c8a799996bf0265b98b5d48ab919"},
    {"GCM 15", some_key, "cafebabefacedbaddecaf888", "",
     "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6"
     "b525b16aedf5aa0de657ba637b391aafd255",
     "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b105682"
     "8838c5f61e6393ba7a0abcc9f662898015ad",
     "b094dac5d93471bdec1a502270e3cc6c"},
    {"GCM 16", some_key, "cafebabefacedbaddecaf888", "feedfacedeadbeeffeedfacedeadbeefabaddad2",
     "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6"
     "b525b16aedf5aa0de657ba637b39",
     "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b105682"
     "8838c5f61e6393ba7a0abcc9f662",
     "76fc6ece0f4e1768cddf8853bb2d551b"},
    {"W 73", "92ace3e348cd821092cd921aa3546374299ab46209691bc28b8752d17f123c20",
     "00112233445566778899aabb", "00000000ffffffff", "00010203040506070809", "e27abdd2d2a53d2f136b",
     "9a4a2579529301bcfb71c78d4060f52c"},
    {"W 74", "29d3a44f8723dc640239100c365423a312934ac80239212ac3df3421a2098123",
     "00112233445566778899aabb", "aabbccddeeff", "", "", "2a7d77fa526b8250cb296078926b5020"},
    {"W 76", "cc56b680552eb75008f5484b4cb803fa5063ebd6eab91f6ab6aef4916a766273",
     "99e23ec48985bccdeeab60f1", "", "2a", "06", "633c1e9703ef744ffffb40edf9d14355"},
    {"W 82", "b279f57e19c8f53f2f963f5f2519fdb7c1779be2ca2b3ae8e1128b7d6c627fc4",
     "98bc2c7438d5cd7665d76f6e", "c0", "fcc515b294408c8645c9183e3f4ecee5127846d1",
     "eb5500e3825952866d911253f8de860c00831c81", "ecb660e1fb0541ec41e8d68a64141b3a"},
    {"W 86", "5b1d1035c0b17ee0b0444767f80a25b8c1b741f4b50a4d3052226baa1c6fb701",
     "d61040a313ed492823cc065b", "",
     "d096803181beef9e008ff85d5ddc38ddacf0f09ee5f7e07f1e4079cb64d0dc8f5e6711cd4921a7887de76e2678fd"
     "c67618f1185586bfea9d4c685d50e4bb9a82",
     "c7d191b601f86c28b6a1bdef6a57b4f6ee3ae417bc125c381cdf1c4dac184ed1d84f1196206d62cad112b0388457"
     "20e02c061179a8836f02b93fa7008379a6bf",
     "f15612f6c40f2e0db6dc76fc4822fcfe"},
    {"W 92, a tag of ones", "00112233445566778899aabbccddeeff102132435465768798a9bacbdcedfe0f",
     "000000000000000000000000", "", "561008fa07a68f5c61285cd013464eaf",
     "23293e9b07ca7d1b0cae7cc489a973b3", "ffffffffffffffffffffffffffffffff"},
    {"W 93, a tag of zeros", "00112233445566778899aabbccddeeff102132435465768798a9bacbdcedfe0f",
     "ffffffffffffffffffffffff", "", "c6152244cea1978d3e0bc274cf8c0b3b",
     "7cb6fc7c6abc009efe9551a99f36a421", "00000000000000000000000000000000"},
};

}  // namespace

TEST_CASE("each backend seals and opens the published vectors of AES-256-GCM") {
    for (const AesGcmBackend backend : available_aes_gcm_backends()) {
        CAPTURE(name_of(backend));
        for (const GcmVector& vector : vectors) {
            CAPTURE(vector.name);
            const auto aes_gcm = aes_gcm_of(backend, vector.key);
            const AesGcmIv iv = unhex_array<12>(vector.iv);
            const ByteVector aad = unhex(vector.aad);
            ByteVector text = unhex(vector.plain);
            Tag tag{};
            aes_gcm->seal(iv, aad, text, tag);
            CHECK(hex(text) == vector.sealed);
            CHECK(hex(tag) == vector.tag);
            CHECK(aes_gcm->open(iv, aad, text, tag));
            CHECK(hex(text) == vector.plain);
        }
    }
}

TEST_CASE("where there is no backend none is the fastest") {
    CHECK(fastest_of({AesGcmBackend::multi_buffer, AesGcmBackend::sodium}) ==
          AesGcmBackend::multi_buffer);
    CHECK_THROWS_WITH_AS(fastest_of({}), "this CPU has no instructions for AES-GCM", Error);
}

TEST_CASE("the backends that this CPU has are found, the fastest first") {
    const auto& backends = available_aes_gcm_backends();
#ifdef __x86_64__
    if (__builtin_cpu_supports("aes") && __builtin_cpu_supports("pclmul")) {
        REQUIRE_FALSE(backends.empty());
        CHECK(backends.back() == AesGcmBackend::sodium);
#ifdef CULVERT_HAVE_IPSEC_MB
        CHECK(backends.front() == AesGcmBackend::multi_buffer);
#endif
    } else {
        CHECK(backends.empty());
    }
#endif
    for (const AesGcmBackend backend : backends) CHECK_FALSE(name_of(backend).empty());
}

// The text ends where a page ends that nobody may touch: reading or writing beyond it is caught.
TEST_CASE("each backend opens what the others sealed, at every size") {
    std::vector<std::size_t> sizes;
    for (std::size_t size = 0; size <= 2100; ++size) sizes.push_back(size);
    sizes.insert(sizes.end(), {4096, 16'384, 32'768, 32'769, 65'519, 262'144, 262'145, 300'000});
    test::SeededRandom random{1};
    for (const std::size_t size : sizes) {
        CAPTURE(size);
        ByteVector plain(size);
        random.fill(plain);
        AesGcmIv iv{};
        random.fill(iv);
        ByteVector aad(size % 37);
        random.fill(aad);

        ByteVector first_sealed;
        for (const AesGcmBackend backend : available_aes_gcm_backends()) {
            CAPTURE(name_of(backend));
            SecretBytes text{size};
            std::ranges::copy(plain, text.writable().begin());
            Tag tag{};
            aes_gcm_of(backend, some_key)->seal(iv, aad, text.writable(), tag);
            ByteVector sealed{tag.begin(), tag.end()};
            append(sealed, text.reveal());
            if (first_sealed.empty()) first_sealed = sealed;
            const bool same = sealed == first_sealed;
            CHECK(same);
            CHECK(aes_gcm_of(backend, some_key)->open(iv, aad, text.writable(), tag));
            const bool back = std::ranges::equal(text.reveal(), plain);
            CHECK(back);
        }
    }
}

TEST_CASE("a flipped bit anywhere is refused, and nothing of the text is left") {
    const ByteVector plain = unhex("00112233445566778899aabbccddeeff0011223344");
    for (const AesGcmBackend backend : available_aes_gcm_backends()) {
        CAPTURE(name_of(backend));
        const auto aes_gcm = aes_gcm_of(backend, some_key);
        AesGcmIv iv = unhex_array<12>("cafebabefacedbaddecaf888");
        ByteVector aad = unhex("00000015");
        ByteVector sealed = plain;
        Tag tag{};
        aes_gcm->seal(iv, aad, sealed, tag);

        for (MutableBytes part :
             {MutableBytes{iv}, MutableBytes{aad}, MutableBytes{sealed}, MutableBytes{tag}}) {
            for (std::size_t bit = 0; bit < part.size() * 8; ++bit) {
                CAPTURE(bit);
                const std::byte flip{static_cast<unsigned char>(1u << bit % 8)};
                part[bit / 8] ^= flip;
                ByteVector text = sealed;
                CHECK_FALSE(aes_gcm->open(iv, aad, text, tag));
                CHECK(text == ByteVector(text.size()));
                part[bit / 8] ^= flip;
            }
        }
        CHECK(aes_gcm->open(iv, aad, sealed, tag));
        CHECK(sealed == plain);
    }
}
