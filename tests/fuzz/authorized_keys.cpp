#include "common/auth/authorized_keys.hpp"
#include "tests/fuzz/fuzz_input.hpp"
#include "tests/unit/common/engine/configs.hpp"

using namespace culvert;
using namespace culvert::fuzz;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    FuzzInput input{data, size};
    const std::string text{text_of(input.rest())};
    const PublicKey& key = test::user_key()->public_key();
    const auto peer = IpAddress::parse("192.0.2.7");
    const std::chrono::system_clock::time_point now{std::chrono::hours{24 * 365 * 50}};
    require(peer.has_value(), "the address is one");

    const auto search = search_authorized_keys(text, key, *peer, now);
    const std::string base64 = key.to_text().substr(key.to_text().find(' ') + 1);
    require(!search.allowed || text.find(base64) != std::string::npos,
            "a key that isn't there lets nobody in");
    try {
        const auto line = parse_authorized_key(text);
        if (line && line->refused) {
            require(why_refused(*line, *peer, now).has_value(), "a refused key lets nobody in");
        }
    } catch (const Error& error) {
        require(error.kind() == ErrorKind::config, "a bad line is the file's fault");
    }
    return 0;
}
