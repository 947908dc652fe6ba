#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <variant>

#include "common/crypto/sha2.hpp"

namespace culvert {

/// The hash of a key exchange method: of the exchange hash and of what keys are derived with.
enum class HashAlgorithm : std::uint8_t { sha256, sha512 };

/// A digest of the size that its algorithm has. Wiped when it goes: it may be a key.
class Digest {
public:
    Digest() noexcept = default;
    Digest(const Digest&) noexcept = default;
    Digest& operator=(const Digest&) noexcept = default;
    ~Digest();
    Digest(const Sha256Digest& digest) noexcept;
    Digest(const Sha512Digest& digest) noexcept;

    Bytes view() const noexcept { return Bytes{bytes_}.first(size_); }
    operator Bytes() const noexcept { return view(); }

    friend bool operator==(const Digest&, const Digest&) = default;

private:
    std::array<std::byte, 64> bytes_{};
    std::size_t size_ = 0;
};

/// Hashes what comes in pieces. A copy goes on from where the original is.
class Hasher {
public:
    explicit Hasher(HashAlgorithm algorithm) noexcept;

    Hasher& update(Bytes more) noexcept;
    /// The digest of everything so far. Ends this object's use.
    Digest finish() noexcept;

private:
    std::variant<Sha256, Sha512> hash_;
};

}  // namespace culvert
