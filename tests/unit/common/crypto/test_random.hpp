#pragma once

#include <algorithm>
#include <cassert>
#include <random>

#include "common/crypto/random.hpp"

namespace culvert::test {

/// Gives out the bytes it was made with, once.
class ScriptedRandom final : public Random {
public:
    explicit ScriptedRandom(ByteVector script) : script_{std::move(script)} {}

    void fill(MutableBytes bytes) override {
        assert(bytes.size() <= script_.size() - used_);
        std::copy_n(script_.begin() + static_cast<std::ptrdiff_t>(used_), bytes.size(),
                    bytes.begin());
        used_ += bytes.size();
    }

private:
    ByteVector script_;
    std::size_t used_ = 0;
};

/// The same bytes in every run.
class SeededRandom final : public Random {
public:
    explicit SeededRandom(std::uint32_t seed) : engine_{seed} {}

    void fill(MutableBytes bytes) override {
        for (std::byte& b : bytes) b = static_cast<std::byte>(engine_() & 0xff);
    }

private:
    std::mt19937 engine_;
};

}  // namespace culvert::test
