#include "common/crypto/chacha20_poly1305_packet_cipher.hpp"

#include <algorithm>
#include <functional>

#include <doctest/doctest.h>

#include <sodium.h>
#include <algorithm>

#include "common/base/big_endian.hpp"
#include "common/crypto/aes_gcm.hpp"
#include "tests/unit/common/crypto/hex.hpp"
#include "tests/unit/common/crypto/test_random.hpp"

using namespace culvert;
using test::hex;
using test::unhex;
using test::unhex_array;

namespace {

constexpr std::size_t tag_size = ChaCha20Poly1305PacketCipher::poly1305_tag_size;

// 00 01 .. 3f
std::array<std::byte, 64> key_bytes() {
    std::array<std::byte, 64> bytes{};
    for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::byte>(i);
    return bytes;
}

using Backend = ChaCha20Poly1305Backend;

ChaCha20Poly1305PacketCipher the_cipher(const Backend& backend) {
    auto bytes = key_bytes();
    return ChaCha20Poly1305PacketCipher{ChaCha20Poly1305Key{std::span{bytes}}, backend};
}

/// Every test is one of each backend.
void with_each_backend(const std::function<void(const Backend&)>& test) {
    for (const Backend& backend : available_chacha20_poly1305_backends()) {
        CAPTURE(backend.name);
        test(backend);
    }
}

ByteVector with_room_for_tag(ByteVector packet) {
    packet.resize(packet.size() + tag_size);
    return packet;
}

// The same by other functions of libsodium: whole key streams of the IETF variant, whose 96-bit
// nonce is the upper half of a 64-bit counter that stays small, and the sequence number.
ByteVector sealed_by_reference(std::uint32_t sequence_number, ByteVector packet) {
    const auto keys = key_bytes();
    const std::span body_key = std::span{keys}.first<32>();
    const std::span length_key = std::span{keys}.last<32>();
    std::array<std::byte, 12> nonce{};
    store_big_endian(std::span{nonce}.last<8>(), std::uint64_t{sequence_number});
    const auto key_stream = [&nonce](std::span<const std::byte, 32> key, std::size_t size) {
        ByteVector stream(size);
        crypto_stream_chacha20_ietf(uchar(MutableBytes{stream}), size, uchar(Bytes{nonce}),
                                    uchar(key));
        return stream;
    };
    const ByteVector for_length = key_stream(length_key, 4);
    const ByteVector for_body = key_stream(body_key, 64 + packet.size() - 4);
    for (std::size_t i = 0; i < 4; ++i) packet[i] ^= for_length[i];
    for (std::size_t i = 4; i < packet.size(); ++i) packet[i] ^= for_body[64 + i - 4];

    crypto_onetimeauth_poly1305_state state;
    crypto_onetimeauth_poly1305_init(&state, uchar(for_body));
    crypto_onetimeauth_poly1305_update(&state, uchar(Bytes{packet}), packet.size());
    std::array<std::byte, tag_size> tag{};
    crypto_onetimeauth_poly1305_final(&state, uchar(MutableBytes{tag}));
    append(packet, tag);
    return packet;
}

}  // namespace

// Made by a program that has nothing in common with libsodium: ChaCha20's block function and
// Poly1305 over big integers, checked with RFC 8439 2.3.2 and 2.5.2.
TEST_CASE("chacha20-poly1305@openssh.com, known packets") {
    with_each_backend([](const Backend& backend) {
        struct Row {
            std::uint32_t sequence_number;
            std::uint32_t length;
            const char* plain;
            const char* sealed;
        };
        for (const Row& row : {
                 Row{0, 8, "00000008065e000000000000",
                     "94450e511ee64231ade6a6d1ec38dfdfc0bfab312913e9f99e8128fb"},
                 Row{0x01020304, 88,
                     "000000580463756c766572742063617272696573205443502073747265616d73207468726f756"
                     "768"
                     "20616e205353482d322074756e6e656c3b2074686973207061636b6574207370616e732074776"
                     "f20"
                     "626c6f636b732e5a5a5a5a5a",
                     "bc79802392a169dead7454ddf40e458eda293f072179578713ca19ace81321d9012e47aa0fa84"
                     "729"
                     "05119761915163b649c8aa7ae021de69f06d7a0381311f74a3db20482edfe647fdd7b6da9ba85"
                     "d5c"
                     "1aa5af3147fcec6f8331fee872e6cbda517763d3cdf5d9e1a3c2fd0f"},
             }) {
            CAPTURE(row.sequence_number);
            auto cipher = the_cipher(backend);
            CHECK(cipher.block_size() == 8);
            CHECK(cipher.tag_size() == tag_size);

            ByteVector packet = with_room_for_tag(unhex(row.plain));
            cipher.seal(row.sequence_number, packet);
            CHECK(hex(packet) == row.sealed);
            CHECK(cipher.read_length(row.sequence_number, std::span{packet}.first<4>()) ==
                  row.length);
            CHECK(cipher.open(row.sequence_number, packet));
            const Bytes body = Bytes{packet}.subspan(4, row.length);
            CHECK(hex(body) == std::string_view{row.plain}.substr(8));
        }
    });
}

TEST_CASE("chacha20-poly1305@openssh.com agrees with a reference at every size") {
    with_each_backend([](const Backend& backend) {
        test::SeededRandom random{2};
        auto cipher = the_cipher(backend);
        for (std::size_t size = 4; size <= 4200; ++size) {
            CAPTURE(size);
            ByteVector plain(size);
            random.fill(plain);
            const auto sequence_number = static_cast<std::uint32_t>(size * 2'863'311'531u);
            ByteVector packet = with_room_for_tag(plain);
            cipher.seal(sequence_number, packet);
            const bool same = packet == sealed_by_reference(sequence_number, plain);
            CHECK(same);
            const std::uint32_t length =
                cipher.read_length(sequence_number, std::span{packet}.first<4>());
            CHECK(length == load_big_endian<std::uint32_t>(std::span{plain}.first<4>()));
            CHECK(cipher.open(sequence_number, packet));
            const bool back =
                std::ranges::equal(Bytes{packet}.subspan(4, size - 4), Bytes{plain}.subspan(4));
            CHECK(back);
        }
    });
}

TEST_CASE("a chacha20-poly1305 packet that is altered, out of turn or too short is refused") {
    with_each_backend([](const Backend& backend) {
        auto cipher = the_cipher(backend);
        const ByteVector sealed = sealed_by_reference(5, unhex("00000008065e000000000000"));
        for (std::size_t bit = 0; bit < sealed.size() * 8; ++bit) {
            CAPTURE(bit);
            ByteVector packet = sealed;
            packet[bit / 8] ^= std::byte{static_cast<unsigned char>(1u << bit % 8)};
            const ByteVector altered = packet;
            CHECK_FALSE(cipher.open(5, packet));
            CHECK(packet == altered);  // nothing was decrypted
        }
        for (std::size_t size = 0; size < sealed.size(); ++size) {
            CAPTURE(size);
            ByteVector packet{sealed.begin(), sealed.begin() + static_cast<std::ptrdiff_t>(size)};
            CHECK_FALSE(cipher.open(5, packet));
        }
        ByteVector packet = sealed;
        CHECK_FALSE(cipher.open(4, packet));
        CHECK_FALSE(cipher.open(6, packet));
        CHECK(cipher.open(5, packet));
    });
}

TEST_CASE("the multi-buffer library is used where AES-GCM's is (targets)") {
    const bool has_it =
        std::ranges::count(available_aes_gcm_backends(), AesGcmBackend::multi_buffer) > 0;
    CHECK((available_chacha20_poly1305_backends().front().name == "libipsec-mb") == has_it);
    CHECK(available_chacha20_poly1305_backends().back().name == "libsodium");
}

TEST_CASE("both backends agree on large packets") {
    const auto& backends = available_chacha20_poly1305_backends();
    auto one = the_cipher(backends.front());
    auto other = the_cipher(backends.back());
    test::SeededRandom random{3};
    for (const std::size_t size : {32'768, 65'541, 262'148}) {
        ByteVector packet(size);
        random.fill(packet);
        ByteVector again = packet;
        one.seal(7, packet);
        other.seal(7, again);
        const bool same = packet == again;
        CHECK(same);
        CHECK(one.open(7, packet));
        CHECK(other.open(7, again));
    }
}
