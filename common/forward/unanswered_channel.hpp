#pragma once

#include <exception>
#include <optional>
#include <utility>

#include "common/session/session.hpp"

namespace culvert {

/// A channel that was asked for, until it is answered: refused where no answer can be worked out.
class UnansweredChannel {
public:
    UnansweredChannel(Session& session, ChannelId channel) : session_{session}, channel_{channel} {}
    UnansweredChannel(const UnansweredChannel&) = delete;
    UnansweredChannel& operator=(const UnansweredChannel&) = delete;
    ~UnansweredChannel() {
        if (channel_) refuse({OpenFailureReason::resource_shortage, {}});
    }

    void refuse(const OpenFailure& failure) noexcept {
        const ChannelId channel = answered();
        if (!session_.running()) return;
        try {
            session_.refuse(channel, failure);
        } catch (const std::exception&) {
            // The session ends for it.
        }
    }
    /// Somebody else answers from here on.
    ChannelId answered() noexcept { return *std::exchange(channel_, std::nullopt); }

private:
    Session& session_;
    std::optional<ChannelId> channel_;
};

}  // namespace culvert
