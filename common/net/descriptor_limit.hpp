#pragma once

namespace culvert {

/// Each stream takes a descriptor: the soft limit of descriptors becomes the hard one, which is all
/// that the system grants.
void raise_descriptor_limit() noexcept;

/// Whether a new descriptor of this number is one of the last tenth. The kernel gives the lowest
/// that is free, so nearly all others are taken.
bool is_of_the_last_descriptors(int descriptor) noexcept;

}  // namespace culvert
