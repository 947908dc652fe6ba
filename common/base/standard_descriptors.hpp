#pragma once

namespace culvert {

/// Opens /dev/null as standard input, output and error where the program was started without them.
/// Otherwise a socket or a file would get that number, and whatever is printed. To be called before
/// anything is opened.
void open_missing_standard_descriptors() noexcept;

}  // namespace culvert
