#include "common/crypto/aes_gcm_packet_cipher.hpp"

#include <doctest/doctest.h>

#include "tests/unit/common/crypto/hex.hpp"

using namespace culvert;
using test::hex;
using test::unhex;
using test::unhex_array;

namespace {

constexpr const char* key_text = "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308";
constexpr std::size_t tag_size = Aes256Gcm::tag_size;

CipherKey the_key() {
    auto bytes = unhex_array<32>(key_text);
    return CipherKey{std::span{bytes}};
}

AesGcmPacketCipher cipher_of(AesGcmBackend backend, std::string_view iv) {
    return {backend, the_key(), unhex_array<12>(iv)};
}

// A body of two blocks, and its length.
const ByteVector plain_packet = unhex(
    "00000020"
    "055e00112233445566778899aabbccddeeff00112233445566778899aabbccdd");

ByteVector with_room_for_tag(ByteVector packet) {
    packet.resize(packet.size() + tag_size);
    return packet;
}

// What RFC 5647 7.3 says, done by hand.
ByteVector sealed_by_hand(AesGcmBackend backend, std::string_view iv) {
    ByteVector packet = with_room_for_tag(plain_packet);
    const auto aes_gcm = make_aes256_gcm(backend, the_key());
    const MutableBytes all{packet};
    aes_gcm->seal(unhex_array<12>(iv), all.first(4), all.subspan(4, plain_packet.size() - 4),
                  all.last<tag_size>());
    return packet;
}

}  // namespace

TEST_CASE("an AES-GCM packet has its length in the clear and authenticated (RFC 5647 7.3)") {
    for (const AesGcmBackend backend : available_aes_gcm_backends()) {
        CAPTURE(name_of(backend));
        auto sealer = cipher_of(backend, "cafebabefacedbaddecaf888");
        auto opener = cipher_of(backend, "cafebabefacedbaddecaf888");
        CHECK(sealer.block_size() == 16);
        CHECK(sealer.tag_size() == tag_size);

        ByteVector packet = with_room_for_tag(plain_packet);
        sealer.seal(7, packet);
        CHECK(packet == sealed_by_hand(backend, "cafebabefacedbaddecaf888"));
        CHECK(opener.read_length(7, std::span{packet}.first<4>()) == 0x20);
        CHECK(opener.open(7, packet));
        CHECK(hex(Bytes{packet}.first(plain_packet.size())) == hex(plain_packet));
    }
}

TEST_CASE("the IV's last 8 bytes count the packets; the first 4 never change (RFC 5647 7.1)") {
    struct Row {
        const char* name;
        const char* first;
        const char* second;
    };
    for (const AesGcmBackend backend : available_aes_gcm_backends()) {
        for (const Row& row : {
                 Row{"by one", "cafebabe0000000000000000", "cafebabe0000000000000001"},
                 Row{"with carry", "cafebabe00000000ffffffff", "cafebabe0000000100000000"},
                 Row{"wraps", "cafebabeffffffffffffffff", "cafebabe0000000000000000"},
                 Row{"wraps under ones", "ffffffffffffffffffffffff", "ffffffff0000000000000000"},
             }) {
            CAPTURE(row.name);
            auto sealer = cipher_of(backend, row.first);
            auto opener = cipher_of(backend, row.first);
            for (const char* iv : {row.first, row.second}) {
                ByteVector packet = with_room_for_tag(plain_packet);
                sealer.seal(0, packet);
                CHECK(packet == sealed_by_hand(backend, iv));
                CHECK(opener.open(0, packet));
            }
        }
    }
}

TEST_CASE("an AES-GCM packet that is altered, repeated or too short is refused") {
    for (const AesGcmBackend backend : available_aes_gcm_backends()) {
        CAPTURE(name_of(backend));
        constexpr const char* iv = "cafebabefacedbaddecaf888";
        const ByteVector sealed = sealed_by_hand(backend, iv);
        auto opener = cipher_of(backend, iv);
        for (std::size_t bit = 0; bit < sealed.size() * 8; ++bit) {
            CAPTURE(bit);
            ByteVector packet = sealed;
            packet[bit / 8] ^= std::byte{static_cast<unsigned char>(1u << bit % 8)};
            CHECK_FALSE(opener.open(0, packet));
        }
        for (std::size_t size = 0; size < sealed.size(); ++size) {
            CAPTURE(size);
            ByteVector packet{sealed.begin(), sealed.begin() + static_cast<std::ptrdiff_t>(size)};
            CHECK_FALSE(opener.open(0, packet));
        }
        ByteVector packet = sealed;
        CHECK(opener.open(0, packet));
        packet = sealed;
        CHECK_FALSE(opener.open(0, packet));
    }
}
