#pragma once

#include <array>
#include <memory>
#include <new>
#include <optional>
#include <string>
#include <utility>

#include "common/relay/relay.hpp"
#include "tests/unit/common/relay/simulated_program.hpp"
#include "tests/unit/common/session/simulated_pair.hpp"

namespace culvert::test {

struct RelayedStreamPlan {
    LinkFaults link;
    std::optional<LinkCut> cut;
    SimulatedProgram::Plan program;
    SimulatedProgram::Plan service;
    int send_buffer = 0;  ///< of the programs' sockets
};

/// program <-> relay <-> two simulated sessions <-> relay <-> service
class RelayedStream {
public:
    explicit RelayedStream(RelayedStreamPlan plan)
        : plan_{std::move(plan)},
          pair{plan_.link, plan_.cut},
          near_sockets_{stream_pair(pair.context, plan_.send_buffer)},
          far_sockets_{stream_pair(pair.context, plan_.send_buffer)} {
        plan_.program.sends_stream = plan_.service.receives_stream = 1;
        plan_.service.sends_stream = plan_.program.receives_stream = 2;
        plan_.program.seed = plan_.link.seed;
        plan_.service.seed = plan_.link.seed + 1;
        program.emplace(std::move(near_sockets_[0]), plan_.program);
        service.emplace(std::move(far_sockets_[0]), plan_.service);
        pair.client_owner.opens = [this] { open(); };
        pair.server_owner.accepts = [this](const ChannelRequested& request) {
            accept(request.channel);
        };
    }

    void run() {
        pair.run();
        settle();
    }
    /// Lets the programs see how it ended, and the sessions go.
    void settle() {
        near_sockets_[1].close();
        far_sockets_[1].close();
        pair.settle();
        for (auto* const session : {&pair.client, &pair.server}) {
            const auto windows = (*session)->windows();
            session->reset();
            claimed_ += windows->claimed();
        }
    }

    /// What went wrong in any case; empty if nothing.
    std::string faults() const {
        std::string found;
        if (program->is_wrong || service->is_wrong) found += "wrong bytes; ";
        if (pair.hung) found += "it hung; ";
        if (claimed_ > 0) found += "a window is left; ";
        if (near_end == RelayEnd::clean && program->received != plan_.service.sends) {
            found += "a clean end here, with bytes missing; ";
        }
        if (far_end == RelayEnd::clean && service->received != plan_.program.sends) {
            found += "a clean end there, with bytes missing; ";
        }
        if (pair.thrown_elsewhere) {
            found += "a relay threw: " + text_of_exception(pair.thrown_elsewhere) + "; ";
        }
        return found;
    }

private:
    RelayedStreamPlan plan_;

public:
    SimulatedPair pair;

private:
    std::array<StreamSocket, 2> near_sockets_;
    std::array<StreamSocket, 2> far_sockets_;

public:
    std::optional<SimulatedProgram> program;
    std::optional<SimulatedProgram> service;
    std::optional<RelayEnd> near_end;
    std::optional<RelayEnd> far_end;

private:
    /// Ends the session with the last of the relays.
    class Open {
    public:
        explicit Open(RelayedStream& stream) : stream_{stream} { ++stream_.open_; }
        Open(const Open&) = delete;
        Open& operator=(const Open&) = delete;
        ~Open() {
            const Sheltered sheltered;
            if (--stream_.open_ == 0) {
                stream_.pair.client->end(DisconnectReason::by_application, "all is said");
            }
        }

    private:
        RelayedStream& stream_;
    };

    void open() {
        const Open stays{*this};
        try {
            pair.others.spawn(run_near());
        } catch (const std::bad_alloc&) {
            near_sockets_[1].close();
        }
    }
    void accept(ChannelId channel) {
        try {
            pair.others.spawn(run_far(channel));
        } catch (const std::bad_alloc&) {
            far_sockets_[1].close();
            pair.server->refuse(channel, {OpenFailureReason::resource_shortage, {}});
        }
    }

    awaitable<void> run_near() {
        const Open open{*this};
        Relay relay{std::move(near_sockets_[1]), *pair.client, pair.others};
        auto carried = relay.open(DirectTcpip{target, originator});
        near_end = co_await std::move(carried);
    }
    awaitable<void> run_far(ChannelId channel) {
        const Open open{*this};
        Relay relay{std::move(far_sockets_[1]), *pair.server, pair.others};
        std::optional<awaitable<RelayEnd>> carried;
        try {
            carried.emplace(relay.accept(channel));
        } catch (const std::bad_alloc&) {
            pair.server->refuse(channel, {OpenFailureReason::resource_shortage, {}});
            throw;
        }
        far_end = co_await *std::move(carried);
    }

    int open_ = 0;
    std::uint64_t claimed_ = 0;
};

}  // namespace culvert::test
