// replay_TARGET [--logins] FOLDER...: runs a fuzz target once on every file of the folders, the
// regression test of a corpus without libFuzzer. With --logins it fails if none is a real login.
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string_view>
#include <vector>

#include "tests/fuzz/fuzz_input.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

int main(int argc, char** argv) {
    const bool wants_logins = argc > 1 && argv[1] == std::string_view{"--logins"};
    std::size_t files = 0;
    for (int i = wants_logins ? 2 : 1; i < argc; ++i) {
        for (const auto& entry : std::filesystem::directory_iterator{argv[i]}) {
            std::ifstream file{entry.path(), std::ios::binary};
            const std::vector<char> bytes{std::istreambuf_iterator<char>{file}, {}};
            std::printf("%s, %zu bytes\n", entry.path().c_str(), bytes.size());
            std::fflush(stdout);  // the last line names the file if the next call ends badly
            LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(bytes.data()),
                                   bytes.size());
            ++files;
        }
    }
    std::printf("%zu files, %zu real logins\n", files, culvert::fuzz::real_logins);
    const bool stale = wants_logins && culvert::fuzz::real_logins == 0;
    if (stale) std::puts("no login is real any more: make_corpus writes them again");
    return files > 0 && !stale ? 0 : 1;
}
