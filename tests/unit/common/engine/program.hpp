#pragma once

#include <array>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
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
/// engine's questions are given when the test says so, and received data is delivered then.
class Program {
public:
    enum class End { none, refused, abandoned, clean, reset_here, reset_there };

    /// This side of a stream.
    struct Stream {
        std::optional<ChannelId> channel;
        bool is_open = false;
        bool eof_sent = false;
        bool eof_received = false;
        std::size_t sent = 0;
        std::size_t received = 0;
        std::size_t delivered = 0;
        End end = End::none;
    };

    using Keys = std::vector<std::shared_ptr<const PrivateKey>>;

    /// `plans` and `random` must outlive it. `keys` are a client's, in the order of its identities.
    Program(EngineConfig config, const std::vector<StreamPlan>& plans, Keys keys, Random& random)
        : role_{config.transport.role},
          plans_{plans},
          keys_{std::move(keys)},
          streams_(plans.size()),
          engine_{std::move(config), random, start_time} {}

    Engine& engine() noexcept { return engine_; }
    const std::vector<Stream>& streams() const noexcept { return streams_; }
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
        const auto channel = engine_.open(DirectTcpip{target, {"127.0.0.1", 40000}}, now);
        if (!channel) return false;
        Stream& opened = streams_[next_];
        opened.channel = channel;
        if (plans_[next_].abandoned) {
            engine_.close(*channel);
            finish(opened, End::abandoned);
        }
        ++next_;
        return true;
    }

    /// One turn of sending, of at most `room` bytes.
    bool send(std::size_t room, TimePoint now) {
        const auto slots = engine_.next_slots(room, now);
        if (!slots) return false;
        const std::size_t index = index_of(slots->channel);
        Stream& stream = streams_[index];
        std::size_t left = to_send(index) - stream.sent;
        std::size_t filled = 0;
        for (const MutableBytes space : slots->space) {
            const std::size_t length = std::min(left, space.size());
            Content{index, role_}.copy(stream.sent + filled, space.first(length));
            filled += length;
            left -= length;
        }
        stream.sent += filled;
        engine_.commit(filled, left > 0);
        settle(index);
        return true;
    }

    /// Received data of one stream leaves for where it was going.
    bool deliver(std::size_t index, std::size_t bytes) {
        Stream& stream = streams_[index];
        bytes = std::min(bytes, stream.received - stream.delivered);
        if (bytes == 0) return false;
        stream.delivered += bytes;
        if (stream.channel) engine_.delivered(*stream.channel, bytes, heard_);
        settle(index);
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
            const bool never_here = role_ == Role::server && !stream.channel &&
                                    (plan_of(stream).refused || plan_of(stream).abandoned);
            return stream.end != End::none || never_here;
        });
    }

private:
    static std::size_t index(Role role) noexcept { return role == Role::client ? 0 : 1; }
    const StreamPlan& plan_of(const Stream& stream) const {
        return plans_[static_cast<std::size_t>(&stream - streams_.data())];
    }

    /// How much this end sends: all of it, or what comes before its reset.
    std::size_t to_send(std::size_t stream) const {
        const StreamPlan& plan = plans_[stream];
        const std::size_t size = plan.size[index(role_)];
        return std::min(size, plan.reset_after[index(role_)].value_or(size));
    }

    std::size_t index_of(ChannelId channel) const {
        for (std::size_t i = 0; i < streams_.size(); ++i) {
            if (streams_[i].channel == channel) return i;
        }
        throw Broken{fmt::format("an event for channel {}, which is nobody's", channel.value())};
    }

    void on_event(EngineEvent event) {
        if (awaits_key_decision_) throw Broken{"an event before the decision about a key"};
        std::visit([this](auto&& happened) { on(std::move(happened)); }, std::move(event));
    }

    void on(HostKeyOffered&& offered) {
        if (offered.key != host_key()->public_key()) throw Broken{"another host key"};
        questions_.emplace_back([this](TimePoint now) { engine_.accept_host_key(now); });
    }

    void on(SignatureWanted&& wanted) {
        questions_.emplace_back([this, wanted = std::move(wanted)](TimePoint now) {
            engine_.provide_signature(keys_.at(wanted.identity)->sign(wanted.data), now);
        });
    }

    void on(KeyShown&& shown) {
        awaits_key_decision_ = true;
        questions_.emplace_back([this, shown = std::move(shown)](TimePoint now) {
            awaits_key_decision_ = false;
            if (shown.user == "alice" && shown.key == user_key()->public_key()) {
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
    void on(TurnOver&&) {}
    void on(PeerDisconnected&& peer) { peer_disconnected_ = std::move(peer); }
    void on(ConnectionEvent&& event) {
        if (!authenticated_key_) throw Broken{"a channel's event before authentication"};
        std::visit([this](auto&& happened) { on(std::move(happened)); }, std::move(event));
    }

    void on(ChannelRequested&& requested) {
        const auto& target = std::get<DirectTcpip>(requested.type).target;
        const std::size_t index = std::size_t{target.port} - 1;
        if (target.host != "target") throw Broken{"another target"};
        questions_.emplace_back([this, index, channel = requested.channel](TimePoint) {
            if (plans_.at(index).refused) {
                engine_.refuse_open(channel, {OpenFailureReason::connect_failed, "as planned"});
                return;
            }
            streams_[index].channel = channel;
            engine_.confirm_open(channel);
            start(index);
        });
    }

    void on(RequestDenied&& denied) { throw Broken{denied.what + " that nobody asked for"}; }
    void on(ForwardRequested&&) { throw Broken{"a remote forward that nobody asked for"}; }
    void on(ForwardAnswered&&) { throw Broken{"an answer that nobody asked for"}; }
    void on(ChannelOpened&& opened) { start(index_of(opened.channel)); }

    void on(ChannelRefused&& refused) {
        Stream& stream = streams_[index_of(refused.channel)];
        if (!plan_of(stream).refused) throw Broken{"refused: " + refused.failure.description};
        finish(stream, End::refused);
    }

    void on(ChannelDataReceived&& data) {
        const std::size_t index = index_of(data.channel);
        Stream& stream = streams_[index];
        const Role sender = role_ == Role::client ? Role::server : Role::client;
        if (stream.eof_received) throw Broken{"data after EOF"};
        if (!Content{index, sender}.matches(stream.received, data.data)) {
            throw Broken{fmt::format("stream {} altered near byte {}", index, stream.received)};
        }
        stream.received += data.data.size();
    }

    void on(ChannelEofReceived&& eof) {
        const std::size_t index = index_of(eof.channel);
        streams_[index].eof_received = true;
        settle(index);
    }

    void on(ChannelClosed&& closed) {
        Stream& stream = streams_[index_of(closed.channel)];
        finish(stream, closed.end == ChannelEnd::reset ? End::reset_there : End::clean);
    }

    void start(std::size_t index) {
        Stream& stream = streams_[index];
        stream.is_open = true;
        if (to_send(index) > 0) engine_.set_readable(*stream.channel, true);
        settle(index);
    }

    void settle(std::size_t index) {
        Stream& stream = streams_[index];
        if (!stream.channel || !stream.is_open) return;
        const bool all_sent = stream.sent == to_send(index);
        if (all_sent && plans_[index].reset_after[this->index(role_)]) {
            engine_.reset(*stream.channel);
            return finish(stream, End::reset_here);
        }
        if (all_sent && !stream.eof_sent) {
            stream.eof_sent = true;
            engine_.send_eof(*stream.channel);
        }
        if (stream.eof_sent && stream.eof_received && stream.delivered == stream.received) {
            engine_.close(*stream.channel);
            finish(stream, End::clean);
        }
    }

    void finish(Stream& stream, End end) {
        stream.channel.reset();
        stream.end = end;
    }

    Role role_;
    const std::vector<StreamPlan>& plans_;
    Keys keys_;
    std::vector<Stream> streams_;
    std::size_t next_ = 0;
    std::deque<std::function<void(TimePoint)>> questions_;
    bool awaits_key_decision_ = false;
    std::optional<PublicKey> authenticated_key_;
    unsigned rekeys_ = 0;
    std::optional<PeerDisconnected> peer_disconnected_;
    TimePoint heard_ = start_time;
    Engine engine_;
};

}  // namespace culvert::test
