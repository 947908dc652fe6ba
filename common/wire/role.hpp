#pragma once

namespace culvert {

/// Which end of the SSH connection we are. The client is the one that connected.
enum class Role { client, server };

}  // namespace culvert
