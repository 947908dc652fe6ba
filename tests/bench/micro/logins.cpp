// What a connection costs before its first stream: the public-key operations, and a whole login
// between two engines, without the kernel's part.

#include <benchmark/benchmark.h>

#include <algorithm>
#include <memory>
#include <stdexcept>

#include "common/base/time.hpp"
#include "common/crypto/ed25519.hpp"
#include "common/crypto/x25519.hpp"
#include "common/engine/default_ciphers.hpp"
#include "common/engine/engine.hpp"
#include "common/keys/private_key.hpp"

namespace {

using namespace culvert;

SystemRandom random_source;

/// What each end does of curve25519-sha256.
void x25519_one_end(benchmark::State& state) {
    const X25519KeyPair peer{random_source};
    for (auto _ : state) {
        const X25519KeyPair own{random_source};
        benchmark::DoNotOptimize(own.shared_secret(peer.public_key()));
    }
}
BENCHMARK(x25519_one_end);

const ByteVector signed_text(100);

void ed25519_sign(benchmark::State& state) {
    const auto key = Ed25519PrivateKey::generate(random_source);
    for (auto _ : state) benchmark::DoNotOptimize(key.sign(signed_text));
}
BENCHMARK(ed25519_sign);

void ed25519_verify(benchmark::State& state) {
    const auto key = Ed25519PrivateKey::generate(random_source);
    const Ed25519Signature signature = key.sign(signed_text);
    for (auto _ : state) benchmark::DoNotOptimize(verify(key.public_key(), signed_text, signature));
}
BENCHMARK(ed25519_verify);

std::shared_ptr<const PrivateKey> new_key() {
    return std::make_shared<PrivateKey>(PrivateKey::generate(random_source, "bench"));
}

EngineConfig client_config(const PrivateKey& user_key) {
    EngineConfig config;
    config.transport.role = Role::client;
    config.transport.algorithms.ciphers = default_ciphers();
    config.identities = {"alice", {user_key.public_key()}, 0};
    return config;
}

EngineConfig server_config(const PublicKey& host_key) {
    EngineConfig config;
    config.transport.role = Role::server;
    config.transport.host_key = host_key;
    config.transport.algorithms.ciphers = default_ciphers();
    return config;
}

void carry(Engine& from, Engine& to, TimePoint now) {
    while (!from.unsent().empty()) {
        const MutableBytes space = to.receive_space();
        const Bytes bytes = from.unsent().first(std::min(space.size(), from.unsent().size()));
        std::ranges::copy(bytes, space.begin());
        to.received(bytes.size(), now);
        from.sent(bytes.size());
    }
}

/// True once the user is logged in, as this end sees it. `key` is the one that it proves.
bool answer(Engine& engine, const PrivateKey& key, TimePoint now) {
    bool logged_in = false;
    while (const auto event = engine.poll(now)) {
        if (std::holds_alternative<HostKeyOffered>(*event)) engine.accept_host_key(now);
        if (std::holds_alternative<PublicKeyRequest>(*event)) engine.accept_key(now);
        if (const auto* wanted = std::get_if<SignatureWanted>(&*event))
            engine.provide_signature(key.sign(wanted->data), now);
        if (const auto* wanted = std::get_if<HostSignatureWanted>(&*event))
            engine.provide_host_signature(key.sign(wanted->data), now);
        logged_in = logged_in || std::holds_alternative<Authenticated>(*event);
    }
    return logged_in;
}

void login_both_ends(benchmark::State& state) {
    const auto user_key = new_key();
    const auto host_key = new_key();
    const TimePoint now = Clock::now();
    for (auto _ : state) {
        Engine client{client_config(*user_key), random_source, now};
        Engine server{server_config(host_key->public_key()), random_source, now};
        bool logged_in = false;
        for (int flights = 0; !logged_in; ++flights) {
            if (flights == 20) throw std::runtime_error("nobody was logged in");
            carry(client, server, now);
            answer(server, *host_key, now);
            carry(server, client, now);
            logged_in = answer(client, *user_key, now);
        }
    }
}
BENCHMARK(login_both_ends);

}  // namespace
