// Whatever bytes a client sends to a server that lets nobody in. The server's random numbers are
// the same in every run, so that the recorded logins of the corpus are real ones.
#include "tests/fuzz/engine_checks.hpp"

using namespace culvert;
using namespace culvert::fuzz;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    FuzzInput input{data, size};
    const unsigned mode = input.byte();
    const std::size_t piece = mode == 0 ? size + 1 : mode;

    test::SeededRandom random{server_seed};
    EngineConfig config = test::server_config();
    config.transport.algorithms.ciphers = default_ciphers();
    config.transport.algorithms.kex = kex_methods();
    Engine engine{std::move(config), random, test::start_time};
    try {
        bool left = false;
        receive(engine, input.rest(), piece, [&](EngineEvent event) {
            require(!left, "nothing is read after DISCONNECT");
            if (test::sign_as_host(engine, event, *test::host_key(), test::start_time)) return;
            if (std::holds_alternative<PublicKeyRequest>(event)) {
                ++real_logins;
                engine.refuse_key();
                return;
            }
            require(std::holds_alternative<PeerDisconnected>(event),
                    "nothing else happens before authentication");
            left = true;
        });
        require(!engine.authenticated(), "nobody gets in");
        if (!left) check_end(engine);
    } catch (const ProtocolError& error) {
        engine.end(error.reason(), error.what());
        check_output(engine);
    }
    require(!engine.authenticated() && engine.channels() == 0, "nobody gets in");
    return 0;
}
