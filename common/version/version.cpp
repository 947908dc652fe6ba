#include "common/version/version.hpp"

#include <fmt/core.h>
#include <idn2.h>
#include <nettle/version.h>
#include <sodium.h>
#include <zlib.h>
#include <zstd.h>
#include <CLI/Version.hpp>
#include <asio/version.hpp>
#include <nlohmann/json.hpp>
#ifdef CULVERT_HAVE_IPSEC_MB
#include <intel-ipsec-mb.h>
#endif

#include <culvert_commit.hpp>  // made by cmake/commit.cmake at each build

#include "common/crypto/mlkem768.hpp"

namespace culvert {
namespace {

/// A version that is one number, as `major * first + minor * second + patch`.
std::string split(unsigned number, unsigned first, unsigned second) {
    return fmt::format("{}.{}.{}", number / first, number % first / second, number % second);
}

}  // namespace

std::string version_text(std::string_view program) {
    constexpr std::string_view commit = CULVERT_COMMIT;
    std::string text = fmt::format("{} {}", program, CULVERT_VERSION);
    if (!commit.empty()) text += fmt::format(" ({})", commit);
    text += '\n';
    const auto add = [&text](std::string_view name, std::string_view version) {
        text += fmt::format("{} {}\n", name, version);
    };
    add("libsodium", sodium_version_string());
#ifdef CULVERT_HAVE_IPSEC_MB
    add("intel-ipsec-mb", imb_get_version_str());
#endif
    add("libidn2", idn2_check_version(nullptr));
    add("nettle", fmt::format("{}.{}", nettle_version_major(), nettle_version_minor()));
    add("zlib", zlibVersion());
    add("zstd", ZSTD_versionString());
    add("asio", split(ASIO_VERSION, 100'000, 100));
    add("yaml-cpp", CULVERT_YAML_CPP_VERSION);
    add("CLI11", CLI11_VERSION);
    add("fmt", split(FMT_VERSION, 10'000, 100));
    add("nlohmann-json", fmt::format("{}.{}.{}", NLOHMANN_JSON_VERSION_MAJOR,
                                     NLOHMANN_JSON_VERSION_MINOR, NLOHMANN_JSON_VERSION_PATCH));
    text += fmt::format("ML-KEM-768: {}\n", mlkem768_backend_name());
    return text;
}

}  // namespace culvert
