#pragma once

namespace culvert {

/// Memory put by at the start for the moment when there is no more. It is given back then, and
/// whoever asked goes on; from then on memory is low: nothing new is begun, nothing grows, and
/// streams that want more of it end, so that what is left will do for what is there.
/// An allocation that fails all the same throws std::bad_alloc.
void keep_memory_reserve();

/// For any thread; as cheap as reading a bool.
bool memory_is_low() noexcept;

/// Before something new is begun or grows: false while memory is low. Finds out whether it still
/// is.
bool has_memory() noexcept;

}  // namespace culvert
