#pragma once

#include <nettle/aes.h>

#include <algorithm>
#include <array>
#include <span>

#include "common/crypto/random.hpp"

namespace culvert::test {

/// The generator that known answers of NIST's post-quantum process are made with: CTR_DRBG with
/// AES-256 and without derivation function (SP 800-90A 10.2.1).
class NistDrbg final : public Random {
public:
    using Seed = std::array<std::byte, 48>;

    explicit NistDrbg(const Seed& seed) { update(seed); }

    void fill(MutableBytes bytes) override {
        while (!bytes.empty()) {
            const auto block = next_block();
            const std::size_t size = std::min(block.size(), bytes.size());
            std::copy_n(block.begin(), size, bytes.begin());
            bytes = bytes.subspan(size);
        }
        update(Seed{});
    }

private:
    std::array<std::byte, 16> next_block() {
        for (std::size_t i = counter_.size(); i-- > 0;) {
            counter_[i] = static_cast<std::byte>(std::to_integer<unsigned>(counter_[i]) + 1);
            if (counter_[i] != std::byte{0}) break;
        }
        aes256_ctx aes{};
        aes256_set_encrypt_key(&aes, uchar(Bytes{key_}));
        std::array<std::byte, 16> block{};
        aes256_encrypt(&aes, block.size(), uchar(MutableBytes{block}), uchar(Bytes{counter_}));
        return block;
    }

    void update(const Seed& provided) {
        Seed next{};
        for (std::size_t i = 0; i < next.size(); i += 16) {
            std::ranges::copy(next_block(), next.begin() + static_cast<std::ptrdiff_t>(i));
        }
        for (std::size_t i = 0; i < next.size(); ++i) next[i] ^= provided[i];
        std::copy_n(next.begin(), key_.size(), key_.begin());
        std::copy_n(next.begin() + 32, counter_.size(), counter_.begin());
    }

    std::array<std::byte, 32> key_{};
    std::array<std::byte, 16> counter_{};
};

}  // namespace culvert::test
