#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "client/client_connection.hpp"
#include "common/base/load.hpp"
#include "common/net/task_group.hpp"

namespace culvert {

/// A tunnel's SSH connections, and which of them has the least to do. On the tunnel's thread.
class ConnectionPool {
public:
    ConnectionPool(IoExecutor executor, TaskGroup::OnError on_error);

    void add(std::unique_ptr<ClientConnection> connection);
    void start();
    /// Local programs wait: those that wait for their next try are tried sooner.
    void hurry();
    void drain();
    void end();
    /// Ends what is left and returns when all of it has. To be called last.
    awaitable<void> join();

    /// Gives it to the connection with the least to do. False if none is ready.
    bool carry(LocalConnection& connection);

    // ---- what connections tell, by their index
    void on_ready(std::size_t index) { members_[index].ready = true; }
    void on_not_ready(std::size_t index) { members_[index].ready = false; }
    void on_over(std::size_t index);

    bool any_ready() const noexcept;
    bool all_over() const noexcept;
    std::size_t open_streams() const noexcept;

private:
    struct Member {
        std::unique_ptr<ClientConnection> connection;
        bool ready = false;
        bool over = false;
        Load load;
        std::uint64_t traffic = 0;  ///< when it was measured last
    };

    Member* least_loaded_member();
    awaitable<void> measure_traffic();

    std::vector<Member> members_;
    bool measuring_ = false;
    TaskGroup tasks_;
};

}  // namespace culvert
