#pragma once

#include <algorithm>
#include <cstring>

#include "common/base/bytes.hpp"
#include "common/wire/role.hpp"
#include "tests/unit/common/crypto/test_random.hpp"

namespace culvert::test {

/// What a stream carries in one direction, the same wherever it is asked for: sender and receiver
/// compare with it byte by byte, and neither keeps anything.
class Content {
public:
    Content(std::size_t stream, Role sender) noexcept
        : start_{stream * 7919 + (sender == Role::client ? 0 : 104729)} {}

    void copy(std::size_t offset, MutableBytes to) const {
        for (std::size_t done = 0; done < to.size();) {
            const Bytes piece = piece_at(offset + done, to.size() - done);
            std::memcpy(to.data() + done, piece.data(), piece.size());
            done += piece.size();
        }
    }

    bool matches(std::size_t offset, Bytes received) const {
        while (!received.empty()) {
            const Bytes piece = piece_at(offset, received.size());
            if (std::memcmp(received.data(), piece.data(), piece.size()) != 0) return false;
            received = received.subspan(piece.size());
            offset += piece.size();
        }
        return true;
    }

private:
    // A prime, so that no power of two of missing or doubled bytes goes unnoticed.
    static constexpr std::size_t period = 65'521;

    Bytes piece_at(std::size_t offset, std::size_t longest) const {
        static const ByteVector pattern = [] {
            ByteVector bytes(period);
            SeededRandom{7}.fill(bytes);
            std::fill_n(bytes.begin(), period / 3, std::byte{'x'});  // compresses
            return bytes;
        }();
        const std::size_t at = (start_ + offset) % period;
        return Bytes{pattern}.subspan(at, std::min(longest, period - at));
    }

    std::size_t start_;
};

}  // namespace culvert::test
