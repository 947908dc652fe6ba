#pragma once

namespace culvert {

/// Each stream takes a descriptor: the soft limit of descriptors becomes the hard one, which is all
/// that the system grants.
void raise_descriptor_limit() noexcept;

}  // namespace culvert
