#pragma once

#include <array>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "common/wire/protocol_error.hpp"
#include "tests/unit/common/engine/configs.hpp"
#include "tests/unit/common/engine/content.hpp"

namespace culvert::test {

/// What a connection is to carry on one stream. The client opens it; both ends know the plan.
struct StreamPlan {
    std::array<std::size_t, 2> size{};                        ///< bytes, by the sender's role
    std::array<std::optional<std::size_t>, 2> reset_after{};  ///< that end gives up then
    bool refused = false;                                     ///< by the server
    bool abandoned = false;                                   ///< by the client, while it opens
};

/// The expectation of a test isn't met, whatever the seed.
struct Broken : std::logic_error {
    using std::logic_error::logic_error;
};

/// A client or a daemon at its plainest: an engine, and what its owner does with it. Answers to the
/// engine's questions are given when the test says so, and received data is delivered then: but
/// where it may be left, half of it is passed on at once.
class Program {
public:
    enum class End { none, refused, abandoned, clean, reset_here, reset_there };

    /// This side of a stream.
    struct Stream final : ChannelUser {
        Stream(Program& its_program, std::size_t its_index) noexcept
            : program{its_program}, index{its_index} {}

        ChannelRead read(std::span<const MutableBytes> slots) noexcept override;
        std::size_t write(std::span<const Bytes> data, Rest rest) noexcept override;
        void on_opened() noexcept override;
        void on_refused(const OpenFailure& failure) noexcept override;
        void on_eof() noexcept override;
        void on_closed(ChannelEnd how) noexcept override;
        void on_lost() noexcept override { program.broke("a stream was lost"); }

        Program& program;
        std::size_t index;
        std::optional<ChannelId> channel;
        bool is_open = false;
        bool eof_sent = false;
        bool eof_received = false;
        std::size_t ready = SIZE_MAX;  ///< to be read: what comes behind isn't there yet
        std::size_t sent = 0;
        std::size_t last_room = 0;  ///< how much was asked for when it was last read
        std::size_t received = 0;
        std::size_t delivered = 0;
        End end = End::none;

    private:
        ChannelRead::Then end_of_reading();
        bool is_received_whole() const noexcept { return eof_received && delivered == received; }
        void settle();
        void finish(End how);

        friend Program;
    };

    using Keys = std::vector<std::shared_ptr<const PrivateKey>>;

    /// `plans` and `random` must outlive it. `keys` are a client's, in the order of its identities.
    Program(EngineConfig config, const std::vector<StreamPlan>& plans, Keys keys, Random& random)
        : role_{config.transport.role},
          plans_{plans},
          keys_{std::move(keys)},
          engine_{std::move(config), random, start_time} {
        for (std::size_t i = 0; i < plans.size(); ++i) streams_.emplace_back(*this, i);
    }

    Engine& engine() noexcept { return engine_; }
    const std::deque<Stream>& streams() const noexcept { return streams_; }
    Stream& stream(std::size_t index) { return streams_.at(index); }
    const std::optional<PeerDisconnected>& peer_disconnected() const { return peer_disconnected_; }
    const std::optional<PublicKey>& authenticated_key() const { return authenticated_key_; }
    unsigned rekeys() const noexcept { return rekeys_; }
    bool has_questions() const noexcept { return !questions_.empty(); }

    void receive(Bytes bytes, TimePoint now) {
        while (!bytes.empty()) {
            const MutableBytes space = engine_.receive_space();
            const std::size_t length = std::min(space.size(), bytes.size());
            std::memcpy(space.data(), bytes.data(), length);
            bytes = bytes.subspan(length);
            engine_.received(length, now);
            poll(now);
        }
    }

    void poll(TimePoint now) {
        heard_ = now;
        while (auto event = engine_.poll(now)) on_event(std::move(*event));
        while (!engine_.offer(now)) engine_.on_waited(std::chrono::hours{1});
        check();
    }

    /// Throws Broken if a stream was told what it mustn't be.
    void check() const {
        if (!broken_.empty()) throw Broken{broken_};
    }

    /// Answers the oldest question that the engine has put.
    void answer(TimePoint now) {
        const auto give = std::move(questions_.front());
        questions_.pop_front();
        give(now);
        poll(now);
    }

    /// Opens the next stream of the plan, if that is possible now.
    bool open_next(TimePoint now) {
        if (role_ != Role::client || next_ == plans_.size() || !engine_.may_open_channels()) {
            return false;
        }
        const Endpoint target{"target", static_cast<std::uint16_t>(next_ + 1)};
        Stream& opened = streams_[next_];
        const auto channel = engine_.open(DirectTcpip{target, {"127.0.0.1", 40000}}, opened, now);
        if (!channel) return false;
        opened.channel = channel;
        if (plans_[next_].abandoned) {
            engine_.close(*channel);
            opened.finish(End::abandoned);
        }
        ++next_;
        return true;
    }

    /// One turn of sending, of at most `room` bytes.
    bool send(std::size_t room, TimePoint now) {
        const bool sent = engine_.send_turn(room, now);
        check();
        return sent;
    }

    /// Received data of one stream leaves for where it was going.
    bool deliver(std::size_t index, std::size_t bytes) {
        Stream& stream = streams_[index];
        bytes = std::min(bytes, stream.received - stream.delivered);
        if (bytes == 0) return false;
        stream.delivered += bytes;
        if (stream.channel) engine_.delivered(*stream.channel, bytes, heard_);
        stream.settle();
        return true;
    }

    /// Does all that there is to do: answers, opens, sends, delivers.
    void work(TimePoint now) {
        while (has_questions()) {
            answer(now);
            while (open_next(now)) continue;
        }
        while (open_next(now)) continue;
        while (send(64 * 1024, now)) continue;
        for (std::size_t i = 0; i < streams_.size(); ++i) deliver(i, SIZE_MAX);
    }

    bool is_finished() const {
        return std::ranges::all_of(streams_, [this](const Stream& stream) {
            const StreamPlan& plan = plans_[stream.index];
            const bool never_here =
                role_ == Role::server && !stream.channel && (plan.refused || plan.abandoned);
            return stream.end != End::none || never_here;
        });
    }

private:
    static std::size_t index(Role role) noexcept { return role == Role::client ? 0 : 1; }

    /// How much this end sends: all of it, or what comes before its reset.
    std::size_t to_send(std::size_t stream) const {
        const StreamPlan& plan = plans_[stream];
        const std::size_t size = plan.size[index(role_)];
        return std::min(size, plan.reset_after[index(role_)].value_or(size));
    }

    bool resets(std::size_t stream) const {
        return plans_[stream].reset_after[index(role_)].has_value();
    }

    /// Nothing may be thrown where the engine calls a stream.
    void broke(std::string why) noexcept {
        if (broken_.empty()) broken_ = std::move(why);
    }

    void on_event(EngineEvent event) {
        if (awaits_answer_) throw Broken{"an event before the answer to a question"};
        std::visit([this](auto&& happened) { on(std::move(happened)); }, std::move(event));
    }

    void on(HostKeyOffered&& offered) {
        if (offered.key != host_key()->public_key()) throw Broken{"another host key"};
        questions_.emplace_back([this](TimePoint now) { engine_.accept_host_key(now); });
    }

    void on(HostSignatureWanted&& wanted) {
        awaits_answer_ = true;
        questions_.emplace_back([this, wanted = std::move(wanted)](TimePoint now) {
            awaits_answer_ = false;
            engine_.provide_host_signature(host_key()->sign(wanted.data), now);
        });
    }

    void on(SignatureWanted&& wanted) {
        questions_.emplace_back([this, wanted = std::move(wanted)](TimePoint now) {
            engine_.provide_signature(keys_.at(wanted.identity)->sign(wanted.data), now);
        });
    }

    void on(PublicKeyRequest&& request) {
        awaits_answer_ = true;
        questions_.emplace_back([this, request = std::move(request)](TimePoint now) {
            awaits_answer_ = false;
            if (request.user == "alice" && request.key == user_key()->public_key()) {
                engine_.accept_key(now);
            } else {
                engine_.refuse_key();
            }
        });
    }

    void on(Authenticated&& authenticated) {
        if (authenticated_key_) throw Broken{"authenticated twice"};
        authenticated_key_ = std::move(authenticated.key);
    }
    void on(BannerReceived&&) { throw Broken{"a banner that nobody sent"}; }
    void on(Rekeyed&&) { ++rekeys_; }
    void on(YieldDue&&) {}
    void on(PeerDisconnected&& peer) { peer_disconnected_ = std::move(peer); }
    /// What isn't taken now is handed over when the engine goes on.
    void on(InboxFull&&) { (void)engine_.offer(heard_); }

    void on(ChannelRequested&& requested) {
        if (!authenticated_key_) throw Broken{"a channel's event before authentication"};
        const auto& target = std::get<DirectTcpip>(requested.type).target;
        const std::size_t index = std::size_t{target.port} - 1;
        if (target.host != "target") throw Broken{"another target"};
        questions_.emplace_back([this, index, channel = requested.channel](TimePoint) {
            if (plans_.at(index).refused) {
                engine_.refuse(channel, {OpenFailureReason::connect_failed, as_planned});
                return;
            }
            streams_[index].channel = channel;
            engine_.accept(channel, streams_[index]);
            streams_[index].on_opened();
        });
    }

    void on(RequestDenied&& denied) { throw Broken{denied.what + " that nobody asked for"}; }
    void on(ForwardRequested&&) { throw Broken{"a remote forward that nobody asked for"}; }
    void on(ForwardAnswered&&) { throw Broken{"an answer that nobody asked for"}; }

    static constexpr const char* as_planned = "as planned";

    Role role_;
    const std::vector<StreamPlan>& plans_;
    Keys keys_;
    std::deque<Stream> streams_;
    std::size_t next_ = 0;
    std::deque<std::function<void(TimePoint)>> questions_;
    bool awaits_answer_ = false;
    std::optional<PublicKey> authenticated_key_;
    unsigned rekeys_ = 0;
    std::optional<PeerDisconnected> peer_disconnected_;
    TimePoint heard_ = start_time;
    std::string broken_;
    Engine engine_;
};

// ---------------------------------------------------------------------- a stream

inline ChannelRead Program::Stream::read(std::span<const MutableBytes> slots) noexcept {
    const std::size_t all = program.to_send(index);
    if (!channel || eof_sent) program.broke("a stream that is over was read");
    ChannelRead done;
    last_room = 0;
    for (const MutableBytes slot : slots) {
        const std::size_t length = std::min({all - sent, ready, slot.size()});
        Content{index, program.role_}.copy(sent, slot.first(length));
        sent += length;
        ready -= length;
        done.bytes += length;
        last_room += slot.size();
    }
    if (sent == all) {
        done.then = end_of_reading();
    } else if (ready > 0) {
        done.then = ChannelRead::Then::more;
    }
    return done;
}

inline ChannelRead::Then Program::Stream::end_of_reading() {
    using Then = ChannelRead::Then;
    if (program.resets(index)) {
        finish(End::reset_here);
        return Then::failed;
    }
    eof_sent = true;
    if (!is_received_whole()) return Then::eof;
    finish(End::clean);
    return Then::closed;
}

inline std::size_t Program::Stream::write(std::span<const Bytes> data, Rest rest) noexcept {
    if (!channel) program.broke("data for a stream that is over");
    if (eof_received) program.broke("data after EOF");
    std::size_t size = 0;
    for (const Bytes piece : data) size += piece.size();
    std::size_t left = rest == Rest::keep ? size : size / 2;
    const std::size_t passed_on = rest == Rest::keep ? 0 : left;
    const Role sender = program.role_ == Role::client ? Role::server : Role::client;
    for (Bytes piece : data) {
        piece = piece.first(std::min(left, piece.size()));
        left -= piece.size();
        if (!Content{index, sender}.matches(received, piece)) {
            program.broke(fmt::format("stream {} altered near byte {}", index, received));
        }
        received += piece.size();
    }
    delivered += passed_on;
    return passed_on;
}

inline void Program::Stream::on_opened() noexcept {
    if (!channel || std::exchange(is_open, true)) program.broke("a stream opened twice");
    if (program.to_send(index) == 0 && program.resets(index)) {
        program.engine_.reset(*channel);
        return finish(End::reset_here);
    }
    program.engine_.set_readable(*channel);
}

inline void Program::Stream::on_refused(const OpenFailure& failure) noexcept {
    if (!program.plans_[index].refused || failure.description != as_planned) {
        program.broke("refused: " + failure.description);
    }
    finish(End::refused);
}

inline void Program::Stream::on_eof() noexcept {
    if (!channel || std::exchange(eof_received, true)) program.broke("an EOF too many");
    settle();
}

inline void Program::Stream::on_closed(ChannelEnd how) noexcept {
    if (!channel) program.broke("a stream that is over was closed");
    finish(how == ChannelEnd::reset ? End::reset_there : End::clean);
}

inline void Program::Stream::settle() {
    if (!channel || !eof_sent || !is_received_whole()) return;
    program.engine_.close(*channel);
    finish(End::clean);
}

inline void Program::Stream::finish(End how) {
    channel.reset();
    end = how;
}

}  // namespace culvert::test
