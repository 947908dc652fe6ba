#include "common/base/escape.hpp"

#include <fmt/format.h>

namespace culvert {

std::string escaped(std::string_view text, std::size_t limit) {
    std::string out;
    for (const char c : text.substr(0, limit)) {
        if (c == '\\') {
            out += "\\\\";
        } else if (c >= ' ' && c <= '~') {
            out += c;
        } else {
            out += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
        }
    }
    if (text.size() > limit) out += "...";
    return out;
}

}  // namespace culvert
