#pragma once

#include <algorithm>
#include <cstddef>

#include "common/transport/transport.hpp"

namespace culvert {

/// What waits to be sent: sealed in the output, or held until a key exchange ends.
struct UnsentBytes {
    std::size_t output = 0;
    std::size_t held = 0;
};

/// How much of what waits to be sent answers the peer: what it makes us keep by asking and not
/// reading. What we send of our own accord isn't counted. Answers leave in their order among the
/// rest; instead of where each ends, only two generations are kept: the older one has left when as
/// much has been sent as waited when the younger one began.
class AnswerBacklog {
public:
    std::size_t bytes() const noexcept { return held_ + older_ + younger_; }

    /// All that was written in between are answers. Held ones may have been let out, too.
    void on_answered(const UnsentBytes& before, const UnsentBytes& after) noexcept {
        std::size_t written = after.output - before.output;
        if (after.held >= before.held) {
            held_ += after.held - before.held;
        } else {
            // Sealed again for the new keys, maybe compressed: about as much as before.
            written -= std::min(written, before.held);
            written += held_;
            held_ = after.held;
        }
        younger_ += written;
        if (older_left_ == 0) begin_generation(after);
    }

    void on_sent(std::size_t bytes, const UnsentBytes& left) noexcept {
        older_left_ -= std::min(bytes, older_left_);
        if (older_left_ == 0) begin_generation(left);
    }

private:
    void begin_generation(const UnsentBytes& unsent) noexcept {
        older_ = younger_;
        younger_ = 0;
        if (unsent.output == 0) older_ = 0;
        if (older_ > 0) older_left_ = unsent.output;
    }

    std::size_t held_ = 0;
    std::size_t older_ = 0;
    std::size_t younger_ = 0;
    std::size_t older_left_ = 0;  ///< to be sent until the older generation has left
};

inline UnsentBytes unsent_bytes(Transport& transport) noexcept {
    return {transport.output().size(), transport.held_bytes()};
}

/// What is written while it lives answers the peer.
class Answering {
public:
    Answering(AnswerBacklog& backlog, Transport& transport) noexcept
        : backlog_{backlog}, transport_{transport}, before_{unsent_bytes(transport)} {}
    Answering(const Answering&) = delete;
    Answering& operator=(const Answering&) = delete;
    ~Answering() { backlog_.on_answered(before_, unsent_bytes(transport_)); }

private:
    AnswerBacklog& backlog_;
    Transport& transport_;
    UnsentBytes before_;
};

}  // namespace culvert
