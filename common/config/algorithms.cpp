#include "common/config/algorithms.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "common/base/error.hpp"
#include "common/base/escape.hpp"
#include "common/base/wildcard.hpp"
#include "common/kex/kex_method.hpp"

namespace culvert {
namespace {

constexpr std::string_view aes256_gcm = "aes256-gcm@openssh.com";
constexpr std::string_view chacha20_poly1305 = "chacha20-poly1305@openssh.com";

/// All that culvert has of a kind.
struct Kind {
    std::string_view name;
    std::vector<std::string> known;

    [[noreturn]] void fail(const std::string& why) const {
        throw Error{ErrorKind::usage,
                    fmt::format("{}: culvert has {}", why, fmt::join(known, ", "))};
    }
};

Kind cipher() { return {"cipher", {std::string{aes256_gcm}, std::string{chacha20_poly1305}}}; }
Kind key_exchange() { return {"key exchange", kex_methods()}; }

std::vector<std::string_view> split(std::string_view list) {
    std::vector<std::string_view> parts;
    for (;;) {
        const std::size_t comma = list.find(',');
        parts.push_back(list.substr(0, comma));
        if (comma == std::string_view::npos) return parts;
        list.remove_prefix(comma + 1);
    }
}

void append(std::vector<std::string>& names, std::string_view name) {
    if (std::ranges::find(names, name) == names.end()) names.emplace_back(name);
}

std::vector<std::string> parse(std::string_view list, const Kind& kind) {
    std::vector<std::string> names;
    for (const std::string_view name : split(list)) {
        if (std::ranges::find(kind.known, name) == kind.known.end()) {
            kind.fail(fmt::format("no {} '{}'", kind.name, escaped(name, 64)));
        }
        append(names, name);
    }
    return names;
}

std::vector<std::string> without(std::vector<std::string> names, std::string_view patterns,
                                 const Kind& kind) {
    for (const std::string_view pattern : split(patterns)) {
        std::erase_if(names, [&](const auto& name) { return wildcard_match(pattern, name); });
    }
    if (names.empty()) {
        kind.fail(fmt::format("'-{}' leaves no {}", escaped(patterns, 64), kind.name));
    }
    return names;
}

std::vector<std::string> choose(std::string_view list, std::vector<std::string> defaults,
                                const Kind& kind) {
    const std::string_view names = list.substr(std::min<std::size_t>(1, list.size()));
    if (list.starts_with('-')) return without(std::move(defaults), names, kind);
    if (list.starts_with('+')) {
        for (const std::string& name : parse(names, kind)) append(defaults, name);
        return defaults;
    }
    if (list.starts_with('^')) {
        std::vector<std::string> chosen = parse(names, kind);
        for (const std::string& name : defaults) append(chosen, name);
        return chosen;
    }
    return parse(list, kind);
}

}  // namespace

std::vector<std::string> parse_ciphers(std::string_view list) { return parse(list, cipher()); }

std::vector<std::string> possible_ciphers(std::vector<std::string> names,
                                          const std::vector<AesGcmBackend>& backends) {
    if (backends.empty()) std::erase(names, aes256_gcm);
    if (names.empty()) {
        throw Error{ErrorKind::config,
                    fmt::format("this CPU has no instructions for {}", aes256_gcm),
                    Hint{fmt::format("use {}", chacha20_poly1305)}};
    }
    return names;
}

std::vector<std::string> parse_kex_algorithms(std::string_view list) {
    return parse(list, key_exchange());
}

std::vector<std::string> choose_ciphers(std::string_view list, std::vector<std::string> defaults) {
    return possible_ciphers(choose(list, std::move(defaults), cipher()),
                            available_aes_gcm_backends());
}

std::vector<std::string> choose_kex_algorithms(std::string_view list) {
    return choose(list, kex_methods(), key_exchange());
}

std::vector<std::string> offered_kex_algorithms(std::vector<std::string> names,
                                                bool require_post_quantum) {
    if (names.empty()) names = kex_methods();
    if (!require_post_quantum) return names;
    const std::string configured = fmt::format("{}", fmt::join(names, ", "));
    std::erase_if(names, [](const std::string& name) { return !is_post_quantum(name); });
    if (names.empty()) {
        throw Error{ErrorKind::config,
                    fmt::format("a post-quantum key exchange is required, but the list has only {}",
                                configured),
                    Hint{fmt::format("add {}", kex_methods().front())}};
    }
    return names;
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
