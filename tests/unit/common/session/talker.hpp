#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <random>
#include <span>
#include <string>

#include <fmt/format.h>

#include "common/connection/channel_user.hpp"
#include "common/net/on_io_context.hpp"
#include "common/session/session.hpp"
#include "tests/unit/allocations.hpp"

namespace culvert::test {

/// The byte at this place of a stream; each stream has its own.
inline std::byte byte_at(std::uint64_t place, unsigned stream) {
    return static_cast<std::byte>(place * 31 + place / 251 + stream * 7);
}

/// A stream whose near end takes its time, in virtual time: it sends so many bytes, checks those
/// that come, and closes the channel once both directions have ended. Its memory is the test's own.
class Talker final : public ChannelUser {
public:
    struct Plan {
        std::uint64_t sends = 0;
        unsigned sends_stream = 0;     ///< byte_at()
        unsigned receives_stream = 0;  ///< of the other end
        Duration longest_pause{};      ///< between two bites; zero: it takes and gives all at once
        std::uint32_t seed = 1;
    };

    Talker(asio::io_context& context, const Plan& plan)
        : plan_{plan}, random_{plan.seed}, timer_{context.get_executor()} {}

    void attach(Session& session, ChannelId channel) {
        session_ = &session;
        channel_ = channel;
    }
    /// It is off its channel without having been told: what attached it threw.
    void forget() noexcept {
        channel_.reset();
        forgotten = true;
    }

    ChannelRead read(std::span<const MutableBytes> slots) noexcept override {
        check_attached();
        ChannelRead done;
        const std::uint64_t most = bite(plan_.sends - sent);
        for (const MutableBytes slot : slots) {
            for (std::byte& byte : slot) {
                if (done.bytes == most) break;
                byte = byte_at(sent++, plan_.sends_stream);
                ++done.bytes;
            }
        }
        if (sent == plan_.sends && done.bytes == 0) {
            eof_sent_ = true;
            done.then = eof_received ? ChannelRead::Then::closed : ChannelRead::Then::eof;
            if (eof_received) channel_.reset();
        } else if (sent == plan_.sends || is_hasty()) {
            done.then = ChannelRead::Then::more;
        } else {
            pause();
        }
        return done;
    }
    std::size_t write(std::span<const Bytes> data, Rest rest) noexcept override {
        check_attached();
        std::size_t size = 0;
        for (const Bytes piece : data) size += piece.size();
        const std::size_t passed_on = bite(size);
        check(data, rest == Rest::leave ? passed_on : size);
        if (passed_on < size) {
            if (rest == Rest::keep) kept_ += size - passed_on;
            pause();
        }
        return passed_on;
    }
    void on_opened() noexcept override {
        check_attached();
        opened = true;
        session_->set_readable(*channel_);
    }
    void on_refused(const OpenFailure&) noexcept override {
        check_attached();
        channel_.reset();
        refused = true;
    }
    void on_eof() noexcept override {
        check_attached();
        eof_received = true;
        if (eof_sent_) session_->close(*std::exchange(channel_, std::nullopt));
    }
    void on_closed(ChannelEnd end) noexcept override {
        check_attached();
        channel_.reset();
        closed = end;
    }
    void on_lost() noexcept override {
        check_attached();
        channel_.reset();
        lost = true;
    }

    bool attached() const noexcept { return channel_.has_value(); }
    /// Both directions have ended as they should: all has come, and all was taken.
    bool is_whole(std::uint64_t awaited) const noexcept {
        return eof_received && eof_sent_ && sent == plan_.sends && received == awaited;
    }

    std::string state() const {
        return fmt::format("{} of {} sent, {} received{}{}{}{}; ", sent, plan_.sends, received,
                           opened    ? ", opened"
                           : refused ? ", refused"
                                     : "",
                           eof_sent_ ? ", EOF sent" : "", eof_received ? ", EOF received" : "",
                           lost ? ", lost" : "");
    }

    bool opened = false;
    bool refused = false;
    bool eof_received = false;
    bool lost = false;
    bool forgotten = false;
    std::optional<ChannelEnd> closed;
    std::uint64_t sent = 0;
    std::uint64_t received = 0;
    bool is_wrong = false;  ///< other bytes than were sent
    bool called_off_channel = false;

private:
    bool is_hasty() const noexcept { return plan_.longest_pause == Duration::zero(); }
    std::uint64_t bite(std::uint64_t of) {
        if (is_hasty() || of == 0) return of;
        return random_() % (of + 1);
    }
    void check_attached() noexcept {
        if (!channel_) called_off_channel = true;
    }
    void check(std::span<const Bytes> data, std::size_t most) {
        for (const Bytes piece : data) {
            for (const std::byte byte : piece.first(std::min(most, piece.size()))) {
                if (byte != byte_at(received++, plan_.receives_stream)) is_wrong = true;
            }
            most -= std::min(most, piece.size());
        }
    }

    /// Then it gives and takes more.
    void pause() {
        if (std::exchange(pausing_, true)) return;
        const Sheltered sheltered;
        timer_.expires_after(plan_.longest_pause * (1 + random_() % 100) / 100);
        timer_.async_wait([this](const std::error_code& cancelled) {
            pausing_ = false;
            if (!cancelled && channel_) go_on();
        });
    }
    void go_on() {
        if (kept_ > 0) {
            session_->delivered(*channel_, std::exchange(kept_, 0));
            if (!channel_) return;
        }
        session_->set_writable(*channel_);
        if (channel_ && !eof_sent_ && opened) session_->set_readable(*channel_);
    }

    Plan plan_;
    std::mt19937 random_;
    Timer timer_;
    Session* session_ = nullptr;
    std::optional<ChannelId> channel_;
    bool eof_sent_ = false;
    bool pausing_ = false;
    std::size_t kept_ = 0;
};

}  // namespace culvert::test
