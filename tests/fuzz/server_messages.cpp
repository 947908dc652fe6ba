// Messages of any content to a server's engine, before and after authentication.
#include "tests/fuzz/messages_to_engine.hpp"

using namespace culvert;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    fuzz::FuzzInput input{data, size};
    fuzz::MessagesToEngine{Role::server}.run(input);
    return 0;
}
