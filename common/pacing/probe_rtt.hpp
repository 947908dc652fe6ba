#pragma once

#include <cstdint>
#include <optional>

namespace culvert {

/// ProbeRTT (BBR 4.3.4): less than the path carries is in flight for about a round trip, so that
/// its queue runs empty and the round trip shows. It ends with the pong of a probe that was sent
/// once what is in flight had come down to the window.
class ProbeRtt {
public:
    bool is_active() const noexcept { return active_; }
    /// The next probe is the last one. It is due as soon as no more is in flight than the window.
    bool awaits_last_probe() const noexcept { return active_ && !last_probe_; }

    void begin() noexcept {
        active_ = true;
        last_probe_.reset();
    }
    void end() noexcept {
        active_ = false;
        last_probe_.reset();
    }
    void on_last_probe(std::uint64_t number) noexcept { last_probe_ = number; }
    void on_pong(std::uint64_t number) noexcept {
        if (last_probe_ && number >= *last_probe_) end();
    }

private:
    bool active_ = false;
    std::optional<std::uint64_t> last_probe_;
};

}  // namespace culvert
