// What ciphers do with memory: this program's operator new and delete are replaced to see it.
#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>
#include <new>

#include "common/crypto/aes_gcm_packet_cipher.hpp"
#include "common/crypto/chacha20_poly1305_packet_cipher.hpp"
#include "tests/unit/common/crypto/hex.hpp"

using namespace culvert;

namespace {

std::size_t allocations = 0;
void* last_allocated = nullptr;
std::size_t last_allocated_size = 0;

// When this block is freed, its content is kept.
const void* watched = nullptr;
std::size_t watched_size = 0;
std::array<std::byte, 4096> content_when_freed;

void* allocate(std::size_t size, std::size_t alignment) {
    ++allocations;
    last_allocated_size = size;
    last_allocated = std::aligned_alloc(alignment, (size + alignment - 1) / alignment * alignment);
    if (last_allocated == nullptr) throw std::bad_alloc{};
    return last_allocated;
}

void release(void* block) noexcept {
    if (block != nullptr && block == watched) {
        std::copy_n(static_cast<const std::byte*>(block), watched_size, content_when_freed.begin());
        watched = nullptr;
    }
    std::free(block);
}

}  // namespace

void* operator new(std::size_t size) { return allocate(size, alignof(std::max_align_t)); }
void* operator new(std::size_t size, std::align_val_t alignment) {
    return allocate(size, static_cast<std::size_t>(alignment));
}
void operator delete(void* block) noexcept { release(block); }
void operator delete(void* block, std::size_t) noexcept { release(block); }
void operator delete(void* block, std::align_val_t) noexcept { release(block); }
void operator delete(void* block, std::size_t, std::align_val_t) noexcept { release(block); }

namespace {

constexpr std::string_view key_text =
    "a0a1a2a3a4a5a6a7a8a9aaabacadaeafb0b1b2b3b4b5b6b7b8b9babbbcbdbebf";

CipherKey the_key() {
    auto bytes = test::unhex_array<32>(key_text);
    return CipherKey{std::span{bytes}};
}

std::size_t allocations_of_packets(PacketCipher& sealer, PacketCipher& opener) {
    ByteVector packet(4 + 64 + sealer.tag_size());
    const std::size_t before = allocations;
    bool opened = true;
    for (std::uint32_t number = 0; number < 3; ++number) {
        sealer.seal(number, packet);
        opened = opened && opener.open(number, packet);
        std::ranges::fill(std::span{packet}.first<4>(), std::byte{0});
    }
    const std::size_t after = allocations;
    CHECK(opened);
    return after - before;
}

}  // namespace

TEST_CASE("sealing and opening a packet allocate nothing") {
    for (const AesGcmBackend backend : available_aes_gcm_backends()) {
        CAPTURE(name_of(backend));
        AesGcmPacketCipher sealer{backend, the_key(), AesGcmIv{}};
        AesGcmPacketCipher opener{backend, the_key(), AesGcmIv{}};
        CHECK(allocations_of_packets(sealer, opener) == 0);
    }
    std::array<std::byte, 64> key{};
    ChaCha20Poly1305PacketCipher sealer{ChaCha20Poly1305Key{std::span{key}}};
    ChaCha20Poly1305PacketCipher opener{ChaCha20Poly1305Key{std::span{key}}};
    CHECK(allocations_of_packets(sealer, opener) == 0);
}

TEST_CASE("an AES key schedule is wiped before its memory is given back") {
    const ByteVector key = test::unhex(key_text);  // what the schedule begins with (FIPS 197 5.2)
    const auto holds_key = [&key](Bytes memory) {
        return !std::ranges::search(memory, key).empty();
    };
    for (const AesGcmBackend backend : available_aes_gcm_backends()) {
        CAPTURE(name_of(backend));
        auto aes_gcm = make_aes256_gcm(backend, the_key());
        REQUIRE(last_allocated == dynamic_cast<void*>(aes_gcm.get()));
        REQUIRE(last_allocated_size <= content_when_freed.size());
        CHECK(holds_key({static_cast<const std::byte*>(last_allocated), last_allocated_size}));

        watched_size = last_allocated_size;
        watched = last_allocated;
        aes_gcm.reset();
        CHECK(watched == nullptr);
        CHECK_FALSE(holds_key(std::span{content_when_freed}.first(watched_size)));
    }
}
