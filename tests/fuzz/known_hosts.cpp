#include "common/auth/known_hosts.hpp"
#include "tests/fuzz/fuzz_input.hpp"
#include "tests/unit/common/engine/configs.hpp"

using namespace culvert;
using namespace culvert::fuzz;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    FuzzInput input{data, size};
    const std::string text{text_of(input.rest())};
    const PublicKey& key = test::host_key()->public_key();
    const std::vector<KnownHostsFile> files{parse_known_hosts(text, "known_hosts")};
    const std::string base64 = key.to_text().substr(key.to_text().find(' ') + 1);
    for (const std::uint16_t port : {std::uint16_t{22}, std::uint16_t{2222}}) {
        const auto answer = look_up_known_host(files, "gw.example.com", port, key);
        require(answer.state != KnownHostState::match || text.find(base64) != std::string::npos,
                "a key that isn't there is nobody's");
        require(answer.state == KnownHostState::unknown || answer.line > 0,
                "the line that decided is named");
    }
    (void)names_are_hashed(files[0]);
    return 0;
}
