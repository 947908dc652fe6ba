#pragma once

#include <algorithm>
#include <optional>
#include <utility>

#include "common/base/time.hpp"
#include "common/pacing/limits.hpp"

namespace culvert {

/// How long a login may take.
struct LoginTimes {
    /// From the start until the user is authenticated, without the time that it takes a client's
    /// owner to decide about a host key and to sign: a user may be asked.
    Duration grace = limits::time_limit::login;
    /// A server's, from its first USERAUTH_PK_OK on: the user may have to confirm the use of the
    /// key, or to touch it.
    Duration grace_with_key = limits::time_limit::login_with_key;
};

/// The time of one login: its deadline, and how long the peer takes for an answer that it gives at
/// once, which measures the round trip.
class LoginClock {
public:
    LoginClock(const LoginTimes& times, TimePoint now) noexcept
        : times_{times}, deadline_{now + times.grace} {}

    // ---- the deadline
    /// Our owner is asked: the deadline stands still.
    void pause(TimePoint now) noexcept { paused_since_ = now; }
    /// It has answered.
    void resume(TimePoint now) noexcept {
        deadline_ += now - *std::exchange(paused_since_, std::nullopt);
    }
    /// A server has told its client that it would take a key.
    void on_key_taken(TimePoint now) noexcept {
        if (!std::exchange(key_taken_, true)) {
            deadline_ = std::max(deadline_, now + times_.grace_with_key);
        }
    }
    bool key_taken() const noexcept { return key_taken_; }
    /// None while it stands still.
    std::optional<TimePoint> deadline() const noexcept {
        if (paused_since_) return std::nullopt;
        return deadline_;
    }
    /// How much time there was, in whole seconds.
    std::chrono::seconds limit() const noexcept {
        const Duration grace =
            key_taken_ ? std::max(times_.grace, times_.grace_with_key) : times_.grace;
        return std::chrono::ceil<std::chrono::seconds>(grace);
    }

    // ---- the round trip
    /// What the peer answers at once was written.
    void on_asked(TimePoint now) noexcept { asked_ = now; }
    /// It is written only now, or its answer is read later than it comes.
    void move_asked(TimePoint now) noexcept {
        if (asked_) asked_ = now;
    }
    void forget_asked() noexcept { asked_.reset(); }
    /// Its answer has come: how long it took, if that is known.
    std::optional<Duration> take_answer_time(TimePoint now) noexcept {
        const auto asked = std::exchange(asked_, std::nullopt);
        if (!asked) return std::nullopt;
        return now - *asked;
    }

private:
    LoginTimes times_;
    TimePoint deadline_;
    std::optional<TimePoint> paused_since_;
    std::optional<TimePoint> asked_;
    bool key_taken_ = false;
};

}  // namespace culvert
