#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "common/base/bytes.hpp"
#include "common/keys/public_key.hpp"
#include "common/net/awaitable.hpp"
#include "common/net/event.hpp"

namespace culvert {

/// The SSH agent at a socket. Each question is a connection of its own, so that an agent may be
/// started, stopped and replaced while culvert runs. An agent may ask its user before it answers:
/// it is waited for without a limit, as ssh does.
class Agent {
public:
    /// Called once for a question that isn't answered soon, with what is waited for: `the agent at
    /// SOCKET to list its keys`.
    using Waiting = std::function<void(const std::string& what)>;

    explicit Agent(std::string socket) : socket_{std::move(socket)} {}

    const std::string& socket() const noexcept { return socket_; }

    /// The keys that it holds; none while it is locked. Throws Error{network}, naming the socket,
    /// if it can't be asked.
    awaitable<std::vector<PublicKey>> keys(Waiting on_waiting) const;
    /// The signature blob, or nothing if it refuses. Throws Error{network}.
    awaitable<std::optional<ByteVector>> sign(PublicKey key, ByteVector data, std::string algorithm,
                                              Waiting on_waiting) const;

private:
    struct Question {
        ByteVector request;
        std::string what;  ///< "list its keys"
        Waiting on_waiting;
        ByteVector answer{};
        Event is_over{};
    };

    awaitable<ByteVector> ask(ByteVector request, std::string what, Waiting on_waiting) const;
    awaitable<void> converse(Question& question) const;
    awaitable<void> say_what_is_waited_for(Question& question) const;

    std::string socket_;
};

}  // namespace culvert
