#pragma once

#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include <asio/ip/address.hpp>

#include "common/net/lookup.hpp"

namespace culvert {

/// A name service whose names beginning with "dead" answer when the gate is opened, and then, as
/// all others, with 127.0.0.1. Threads that are stuck in it outlive the test: they share it.
class Gate {
public:
    Lookup look_up(const std::string& host) {
        std::unique_lock lock{mutex_};
        ++calls_[host];
        changed_.notify_all();
        changed_.wait(lock, [&] { return open_ || !host.starts_with("dead"); });
        return {{asio::ip::address_v4::loopback()}, 0, 0};
    }

    void open() {
        const std::lock_guard lock{mutex_};
        open_ = true;
        changed_.notify_all();
    }

    int calls(const std::string& host) {
        const std::lock_guard lock{mutex_};
        return calls_[host];
    }

    void wait_for_call(const std::string& host) {
        std::unique_lock lock{mutex_};
        changed_.wait(lock, [&] { return calls_[host] > 0; });
    }

    /// What a LookupPool takes.
    static auto function(std::shared_ptr<Gate> gate) {
        return [gate = std::move(gate)](const std::string& host, AddressFamily) {
            return gate->look_up(host);
        };
    }

private:
    std::mutex mutex_;
    std::condition_variable changed_;
    std::map<std::string, int> calls_;
    bool open_ = false;
};

}  // namespace culvert
