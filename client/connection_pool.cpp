#include "client/connection_pool.hpp"

#include <algorithm>
#include <utility>

#include "common/net/pause.hpp"
#include "common/net/run_on.hpp"

namespace culvert {
namespace {

/// How often the connections' traffic is measured, while there is any.
constexpr Duration measuring_time = std::chrono::milliseconds{500};
/// Bytes in that time: no connection counts as busy with less, however idle the others are.
constexpr double little_traffic = 64 * 1024;

}  // namespace

ConnectionPool::ConnectionPool(IoExecutor executor, TaskGroup::OnError on_error)
    : tasks_{std::move(executor), std::move(on_error)} {}

void ConnectionPool::add(std::unique_ptr<ClientConnection> connection) {
    members_.emplace_back().connection = std::move(connection);
}

void ConnectionPool::start() {
    for (const Member& member : members_) member.connection->start();
}

void ConnectionPool::hurry() {
    for (const Member& member : members_) member.connection->hurry();
}

void ConnectionPool::drain() {
    for (const Member& member : members_) member.connection->drain();
}

void ConnectionPool::end() {
    for (const Member& member : members_) member.connection->end();
}

awaitable<void> ConnectionPool::join() {
    co_await tasks_.join();
    for (const Member& member : members_) {
        co_await run_on(member.connection->executor(), member.connection->join());
    }
}

bool ConnectionPool::carry(LocalConnection& connection) {
    Member* const member = least_loaded_member();
    if (member == nullptr) return false;
    member->connection->carry(std::move(connection));
    if (members_.size() == 1) return true;
    member->load.on_given();
    if (!std::exchange(measuring_, true)) tasks_.spawn(measure_traffic());
    return true;
}

void ConnectionPool::on_over(std::size_t index) {
    members_[index].ready = false;
    members_[index].over = true;
}

bool ConnectionPool::any_ready() const noexcept {
    return std::ranges::any_of(members_, &Member::ready);
}

bool ConnectionPool::all_over() const noexcept {
    return std::ranges::all_of(members_, &Member::over);
}

std::size_t ConnectionPool::open_streams() const noexcept {
    std::size_t all = 0;
    for (const Member& member : members_) all += member.connection->open_streams();
    return all;
}

ConnectionPool::Member* ConnectionPool::least_loaded_member() {
    std::vector<Member*> ready;
    std::vector<Candidate> candidates;
    for (Member& member : members_) {
        if (!member.ready) continue;
        ready.push_back(&member);
        candidates.push_back({member.load.average(), member.connection->open_streams()});
    }
    return ready.empty() ? nullptr : ready[least_loaded(candidates)];
}

/// As long as there is anything to measure.
awaitable<void> ConnectionPool::measure_traffic() {
    std::vector<double> moved(members_.size());
    while (open_streams() > 0) {
        co_await pause(measuring_time);
        for (std::size_t i = 0; i < members_.size(); ++i) {
            Member& member = members_[i];
            const std::uint64_t traffic =
                co_await run_on(member.connection->executor(), member.connection->traffic());
            // A new SSH connection counts from zero.
            const std::uint64_t before = std::exchange(member.traffic, traffic);
            moved[i] = static_cast<double>(traffic < before ? traffic : traffic - before);
        }
        const double busiest = std::max(std::ranges::max(moved), little_traffic);
        for (std::size_t i = 0; i < members_.size(); ++i) {
            members_[i].load.on_measured(moved[i] / busiest);
        }
    }
    for (Member& member : members_) member.load = {};
    measuring_ = false;
}

}  // namespace culvert
