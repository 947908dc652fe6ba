#pragma once

#include <string>
#include <string_view>

namespace culvert {

/// What --version prints: `PROGRAM 0.1.0 (1a2b3c4d5e6f)`, without the brackets where the sources
/// were no git checkout, then a line for each library and its version. Of libraries that are loaded
/// at run time it is the version that is loaded, of the others the one that this was built with.
/// The last line says whose ML-KEM-768 is used.
std::string version_text(std::string_view program);

}  // namespace culvert
