#pragma once

#include <cstddef>
#include <utility>

#include "common/base/bytes.hpp"

namespace culvert {

/// Secret bytes whose number is known at run time only: the content of a private key file, a
/// lasting private key. They lie between guard pages, locked in memory where the system allows it,
/// left out of core dumps, and are wiped when they go. Move-only. Each object costs some system
/// calls and at least four pages: for what is rare, not for the data path.
class SecretBytes {
public:
    SecretBytes() noexcept = default;
    /// `size` zeros. Throws Error{internal} when the memory can't be had.
    explicit SecretBytes(std::size_t size);
    /// Takes the bytes over: `from` is zeros afterwards.
    static SecretBytes take(MutableBytes from);

    SecretBytes(SecretBytes&& other) noexcept
        : data_{std::exchange(other.data_, nullptr)}, size_{std::exchange(other.size_, 0)} {}
    SecretBytes& operator=(SecretBytes&& other) noexcept {
        SecretBytes taken{std::move(other)};  // what this one held goes with it
        std::swap(data_, taken.data_);
        std::swap(size_, taken.size_);
        return *this;
    }
    ~SecretBytes();

    std::size_t size() const noexcept { return size_; }
    Bytes reveal() const noexcept { return {data_, size_}; }
    /// To fill in what is to be secret.
    MutableBytes writable() noexcept { return {data_, size_}; }
    /// Forgets all but the first `size` bytes.
    void shrink(std::size_t size) noexcept;

private:
    std::byte* data_ = nullptr;
    std::size_t size_ = 0;
};

}  // namespace culvert
