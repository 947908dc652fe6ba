#pragma once

namespace culvert {

/// Makes libsodium ready: it picks its fastest implementations for this CPU and opens the system's
/// random source. To be called first thing in a program, from any thread and as often as one likes.
/// Throws Error{internal} when the system has no random source.
void start_crypto();

}  // namespace culvert
