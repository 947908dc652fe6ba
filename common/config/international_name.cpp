#include "common/config/international_name.hpp"

#include <idn2.h>

#include <algorithm>
#include <memory>

#include <fmt/format.h>

#include "common/base/error.hpp"
#include "common/base/escape.hpp"
#include "common/base/host_syntax.hpp"

namespace culvert {
namespace {

bool is_ascii(std::string_view text) {
    return std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

[[noreturn]] void fail(std::string_view host, std::string_view why) {
    throw Error{
        ErrorKind::usage,
        fmt::format("'{}' has no form in ASCII, which DNS needs: {}", escaped(host, 64), why),
        Hint{"write the name in its xn-- form, as in xn--bcher-kva.example"}};
}

}  // namespace

std::string ascii_host(std::string_view host) {
    if (is_ascii(host)) return std::string{host};
    char* converted = nullptr;
    const int failure = idn2_to_ascii_8z(std::string{host}.c_str(), &converted,
                                         IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL);
    const std::unique_ptr<char, void (*)(void*)> owner{converted, &idn2_free};
    if (failure == IDN2_ENCODING_ERROR || failure == IDN2_ICONV_FAIL) fail(host, "it is not UTF-8");
    if (failure != IDN2_OK) fail(host, idn2_strerror(failure));
    // The mapping makes a ':' or a '/' of some characters, which would end the name.
    if (const auto why = why_no_host_name(converted)) {
        fail(host, fmt::format("it stands for '{}', {}", escaped(converted, 64), *why));
    }
    return converted;
}

}  // namespace culvert
