#pragma once

#include <optional>
#include <string>
#include <vector>

#include "common/base/bytes.hpp"
#include "common/keys/public_key.hpp"
#include "common/net/awaitable.hpp"

namespace culvert {

/// The SSH agent at a socket. Each question is a connection of its own, so that an agent may be
/// started, stopped and replaced while culvert runs.
class Agent {
public:
    explicit Agent(std::string socket) : socket_{std::move(socket)} {}

    const std::string& socket() const noexcept { return socket_; }

    /// The keys that it holds; none while it is locked. Throws Error{network}, naming the socket,
    /// if it can't be asked or doesn't answer within 5 s.
    awaitable<std::vector<PublicKey>> keys() const;
    /// The signature blob, or nothing if it refuses. It may ask its user first, so the caller sets
    /// the time. Throws Error{network}.
    awaitable<std::optional<ByteVector>> sign(PublicKey key, ByteVector data,
                                              std::string algorithm) const;

private:
    awaitable<ByteVector> ask(ByteVector request) const;

    std::string socket_;
};

}  // namespace culvert
