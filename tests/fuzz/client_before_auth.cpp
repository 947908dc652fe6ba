// Whatever bytes a server sends to a client. The client's random numbers are the same in every run,
// so that the recorded logins of the corpus are real ones.
#include "tests/fuzz/engine_checks.hpp"

using namespace culvert;
using namespace culvert::fuzz;

namespace {

/// A client that knows its server's key. Throws what ends the connection.
class Owner {
public:
    explicit Owner(Engine& engine) : engine_{engine} {}

    void operator()(EngineEvent event) {
        require(!left_, "nothing is read after DISCONNECT");
        if (const auto* const offered = std::get_if<HostKeyOffered>(&event)) {
            if (offered->key != test::host_key()->public_key()) {
                throw Error{ErrorKind::host_key, "another host key"};
            }
            engine_.accept_host_key(test::start_time);
        } else if (const auto* const wanted = std::get_if<SignatureWanted>(&event)) {
            engine_.provide_signature(test::user_key()->sign(wanted->data), test::start_time);
        } else if (std::holds_alternative<Authenticated>(event)) {
            require(!std::exchange(authenticated_, true), "it is authenticated once");
            ++real_logins;
        } else if (std::holds_alternative<PeerDisconnected>(event)) {
            left_ = true;
        } else if (std::holds_alternative<BannerReceived>(event)) {
            require(!authenticated_, "banners come before authentication");
        } else {
            require(authenticated_, "nothing of the connection layer before authentication");
        }
    }

    bool left() const noexcept { return left_; }

private:
    Engine& engine_;
    bool authenticated_ = false;
    bool left_ = false;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    FuzzInput input{data, size};
    const unsigned mode = input.byte();
    const std::size_t piece = mode == 0 ? size + 1 : mode;

    test::SeededRandom random{client_seed};
    EngineConfig config = test::client_config();
    config.transport.algorithms.ciphers = default_ciphers();
    config.transport.algorithms.kex = kex_methods();
    Engine engine{std::move(config), random, test::start_time};
    Owner owner{engine};
    try {
        receive(engine, input.rest(), piece, [&](EngineEvent event) { owner(std::move(event)); });
        if (!owner.left()) check_end(engine);
    } catch (const ProtocolError& error) {
        engine.end(error.reason(), error.what());
        check_output(engine);
    } catch (const Error&) {
        // The server's key, or its answer to ours, is not what a client goes on with.
    }
    return 0;
}
