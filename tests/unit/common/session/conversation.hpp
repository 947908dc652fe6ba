#pragma once

#include <deque>
#include <memory>
#include <new>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tests/unit/common/session/simulated_pair.hpp"
#include "tests/unit/common/session/talker.hpp"

namespace culvert::test {

/// What is said in a conversation, and over what.
struct ConversationPlan {
    struct Stream {
        std::uint64_t up = 0;
        std::uint64_t down = 0;
    };
    LinkFaults link;
    std::optional<LinkCut> cut;
    std::vector<Stream> streams{{10, 10}};
    Duration longest_pause{};  ///< of those who talk
    Duration answer_time{};    ///< of those who decide about a login
    SimulatedPair::Adjust adjust = [](EngineConfig&, EngineConfig&) {};
};

/// Two simulated sessions and the streams between them. The client opens all of them at once, and
/// ends the session when they are over.
class Conversation {
public:
    explicit Conversation(ConversationPlan plan)
        : plan_{std::move(plan)}, pair{plan_.link, plan_.cut, plan_.adjust} {
        for (unsigned i = 0; i < plan_.streams.size(); ++i) {
            const auto [up, down] = plan_.streams[i];
            const std::uint32_t seed = plan_.link.seed + 2 * i;
            near.emplace_back(pair.context,
                              Talker::Plan{up, 2 * i, 2 * i + 1, plan_.longest_pause, seed});
            far.emplace_back(pair.context,
                             Talker::Plan{down, 2 * i + 1, 2 * i, plan_.longest_pause, seed + 1});
        }
        pair.client_owner.answer_time = pair.server_owner.answer_time = plan_.answer_time;
        pair.client_owner.opens = [this] {
            handshake_up = pair.link.carried(0);
            handshake_down = pair.link.carried(1);
            for (std::uint16_t i = 0; i < near.size(); ++i) open(i);
        };
        pair.server_owner.accepts = [this](ChannelRequested request) {
            accept(request.channel, std::get<DirectTcpip>(request.type).target.port - 1u);
        };
        pair.client_owner.is_done = [this] {
            pair.client->end(DisconnectReason::by_application, "all is said");
        };
    }

    /// What went wrong in any case, whatever was cut; empty if nothing.
    std::string faults() const {
        std::string found;
        for (std::size_t i = 0; i < near.size(); ++i) {
            found +=
                faults_of(near[i], plan_.streams[i].down) + faults_of(far[i], plan_.streams[i].up);
        }
        if (pair.hung) found += "a session hung; ";
        for (const SessionEnd* const end : {&pair.client_end, &pair.server_end}) {
            if (end->unexpected) found += "an end without reason: " + end->text + "; ";
        }
        return found;
    }
    /// And what went wrong where nothing was cut.
    std::string losses() const {
        std::string found = faults();
        if (pair.client->channels() + pair.server->channels() > 0) found += "a channel is left; ";
        for (std::size_t i = 0; i < near.size(); ++i) {
            if (!near[i].is_whole(plan_.streams[i].down)) found += "here: " + near[i].state();
            if (!far[i].is_whole(plan_.streams[i].up)) found += "there: " + far[i].state();
        }
        if (!pair.client_end.as_asked) found += "the client's end: " + pair.client_end.text + "; ";
        if (pair.server_end.text != "the peer ended the connection: all is said") {
            found += "the server's end: " + pair.server_end.text + "; ";
        }
        return found;
    }

private:
    static std::string faults_of(const Talker& talker, std::uint64_t awaited) {
        std::string found;
        if (talker.is_wrong) found += "wrong bytes; ";
        if (talker.attached()) found += "a user was not told of the end; ";
        if (talker.called_off_channel) found += "a user was called off its channel; ";
        if (talker.eof_received && talker.received != awaited) found += "EOF with bytes missing; ";
        return found;
    }

    void open(std::uint16_t i) {
        // Known to the talker ahead: it may be told of the end at once.
        near[i].attach(*pair.client, ChannelId{});
        try {
            const auto channel = pair.client->open(
                DirectTcpip{Endpoint{"target", static_cast<std::uint16_t>(i + 1)}, originator},
                near[i]);
            if (!channel) return near[i].forget();
            near[i].attach(*pair.client, *channel);
        } catch (const std::bad_alloc&) {
            near[i].forget();
            throw;
        }
    }
    void accept(ChannelId channel, std::size_t i) {
        far[i].attach(*pair.server, channel);
        far[i].opened = true;
        try {
            pair.server->accept(channel, far[i]);
        } catch (const std::bad_alloc&) {
            far[i].forget();
            throw;
        }
        if (far[i].attached()) pair.server->set_readable(channel);
    }

    ConversationPlan plan_;

public:
    SimulatedPair pair;
    std::deque<Talker> near;
    std::deque<Talker> far;
    std::uint64_t handshake_up = 0;  ///< what had been carried when the client was ready
    std::uint64_t handshake_down = 0;
};

}  // namespace culvert::test
