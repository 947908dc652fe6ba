#pragma once

#include "common/base/time.hpp"

namespace culvert {

/// Whether a receiver waits for a reader that can't take all at once. What it doesn't take lies in
/// the receive buffer already, and would have to be copied to go on receiving. The receiver waits
/// where nobody else would be kept waiting by it: one stream alone receives, and its reader has not
/// just shown itself to be slow.
class Patience {
public:
    /// Another stream than before received something, and both are open.
    void on_others(TimePoint now) noexcept { alone_from_ = now + alone_after; }
    /// The reader made no room in time.
    void on_waited_in_vain(TimePoint now) noexcept { again_from_ = now + rest; }

    bool has(TimePoint now) const noexcept { return now >= alone_from_ && now >= again_from_; }

    /// What comes first for another stream waits for so long at most: a few turns of a processor
    /// that the reader shares with others.
    static constexpr Duration longest = std::chrono::milliseconds{10};
    /// A slow reader has its connection waiting for no more than a tenth of the time.
    static constexpr Duration rest = 10 * longest;
    /// Longer than somebody who types takes for a key.
    static constexpr Duration alone_after = std::chrono::milliseconds{500};

private:
    TimePoint alone_from_{};
    TimePoint again_from_{};
};

}  // namespace culvert
