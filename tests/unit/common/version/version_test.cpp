#include "common/version/version.hpp"

#include <regex>

#include <doctest/doctest.h>

using namespace culvert;

TEST_CASE(
    "--version names the program, its version and commit, and each library with its version") {
    const std::string text = version_text("culvert");
    CAPTURE(text);
    const auto has = [&text](const char* line) {
        return std::regex_search(text, std::regex{line, std::regex::multiline});
    };
    CHECK(std::regex_search(text, std::regex{R"(^culvert \d+\.\d+\.\d+( \([0-9a-f]{12}\))?\n)"}));
    for (const char* library : {"libsodium", "nettle", "zlib", "zstd", "asio", "yaml-cpp", "CLI11",
                                "fmt", "nlohmann-json"}) {
        CAPTURE(library);
        CHECK(has((std::string{"^"} + library + R"( \d+\.\d+)").c_str()));
    }
    CHECK(text.ends_with('\n'));
}

TEST_CASE("--version says whose ML-KEM-768 is used") {
    const std::string text = version_text("culvertd");
    CAPTURE(text);
    const bool is_sodium = text.ends_with("\nML-KEM-768: libsodium\n");
    CHECK(is_sodium != text.ends_with("\nML-KEM-768: culvert's own\n"));
}
