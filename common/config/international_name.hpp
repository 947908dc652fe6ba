#pragma once

#include <string>
#include <string_view>

namespace culvert {

/// The host's name as DNS has it: one with characters beyond ASCII, in UTF-8, is converted (IDNA
/// 2008 with the mappings of UTS 46: bücher.example is xn--bcher-kva.example), ASCII stays as it
/// is. Throws Error{usage} for a name that has no such form.
std::string ascii_host(std::string_view host);

}  // namespace culvert
