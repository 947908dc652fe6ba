#include "client/config.hpp"
#include "common/base/error.hpp"
#include "tests/fuzz/fuzz_input.hpp"
#include "tests/unit/common/config/made_up_environment.hpp"

using namespace culvert;
using namespace culvert::fuzz;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    FuzzInput input{data, size};
    const std::string text{text_of(input.rest())};
    try {
        (void)parse_client_config(text, "culvert.yaml", made_up_environment());
    } catch (const Error& error) {
        require(error.kind() == ErrorKind::config, "a bad file is its writer's fault");
        require(std::string_view{error.what()}.starts_with("culvert.yaml:"),
                "the place of the mistake is named");
    }
    return 0;
}
