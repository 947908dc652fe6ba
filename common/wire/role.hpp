#pragma once

namespace culvert {

/// Which end of the SSH connection we are. The client is the one that connected.
enum class Role { client, server };

constexpr Role peer_of(Role us) noexcept {
    return us == Role::client ? Role::server : Role::client;
}

}  // namespace culvert
