#include "common/config/algorithms.hpp"

#include <algorithm>
#include <array>
#include <span>

#include <fmt/format.h>

#include "common/base/error.hpp"
#include "common/base/escape.hpp"

namespace culvert {
namespace {

constexpr std::string_view aes256_gcm = "aes256-gcm@openssh.com";
constexpr std::string_view chacha20_poly1305 = "chacha20-poly1305@openssh.com";
constexpr std::array<std::string_view, 2> ciphers{aes256_gcm, chacha20_poly1305};
constexpr std::array<std::string_view, 2> kex_algorithms{"curve25519-sha256",
                                                         "curve25519-sha256@libssh.org"};

std::vector<std::string> parse_list(std::string_view list, std::span<const std::string_view> known,
                                    std::string_view what) {
    std::vector<std::string> names;
    for (std::string_view rest = list;;) {
        const std::size_t comma = rest.find(',');
        const std::string_view name = rest.substr(0, comma);
        if (std::ranges::find(known, name) == known.end()) {
            throw Error{ErrorKind::usage, fmt::format("no {} '{}': culvert has {}", what,
                                                      escaped(name, 64), fmt::join(known, ", "))};
        }
        if (std::ranges::find(names, name) == names.end()) names.emplace_back(name);
        if (comma == std::string_view::npos) return names;
        rest.remove_prefix(comma + 1);
    }
}

}  // namespace

std::vector<std::string> parse_ciphers(std::string_view list) {
    return possible_ciphers(parse_list(list, ciphers, "cipher"), available_aes_gcm_backends());
}

std::vector<std::string> possible_ciphers(std::vector<std::string> names,
                                          const std::vector<AesGcmBackend>& backends) {
    if (backends.empty()) std::erase(names, aes256_gcm);
    if (names.empty()) {
        throw Error{ErrorKind::config, fmt::format("this CPU has no instructions for {}: use {}",
                                                   aes256_gcm, chacha20_poly1305)};
    }
    return names;
}

std::vector<std::string> parse_kex_algorithms(std::string_view list) {
    return parse_list(list, kex_algorithms, "key exchange");
}

std::string compression_method(std::string_view word) {
    if (word == "zstd") return "zstd@culvert.internal";
    if (word == "zlib") return "zlib@openssh.com";
    if (word == "none") return "none";
    throw Error{
        ErrorKind::config,
        fmt::format("'{}' is not a compression; there are zstd, zlib and none", escaped(word, 64))};
}

std::vector<std::string> compression_methods() {
    return {compression_method("zstd"), compression_method("zlib"), compression_method("none")};
}

std::vector<std::string> prefer_compression(std::string_view word) {
    std::vector<std::string> methods = compression_methods();
    const auto wished = std::ranges::find(methods, compression_method(word));
    std::rotate(methods.begin(), wished, wished + 1);
    return methods;
}

}  // namespace culvert
