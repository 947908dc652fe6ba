#include "common/keys/private_key.hpp"
#include "common/base/error.hpp"
#include "tests/fuzz/fuzz_input.hpp"
#include "tests/unit/common/crypto/test_random.hpp"

using namespace culvert;
using namespace culvert::fuzz;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    FuzzInput input{data, size};
    try {
        const PrivateKey key = parse_private_key(input.rest(), "id_ed25519");
        test::SeededRandom random{1};
        const SecretBytes text = format_private_key(key, random);
        const PrivateKey again = parse_private_key(text.reveal(), "id_ed25519");
        require(again.public_key() == key.public_key() && again.comment() == key.comment(),
                "a key is written as it is read");
    } catch (const Error& error) {
        require(error.kind() == ErrorKind::config, "a bad file is its writer's fault");
    }
    return 0;
}
