// What a packet costs to seal and to open, by cipher, backend and payload size.

#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "common/crypto/aes_gcm_packet_cipher.hpp"
#include "common/crypto/chacha20_poly1305_packet_cipher.hpp"
#include "common/transport/packet_codec.hpp"

namespace {

using namespace culvert;
using MakeCipher = std::function<std::unique_ptr<PacketCipher>()>;

struct NamedCipher {
    std::string name;
    MakeCipher make;
};

std::unique_ptr<PacketCipher> make_aes_gcm(AesGcmBackend backend) {
    std::array<std::byte, CipherKey::size> key{};
    return std::make_unique<AesGcmPacketCipher>(backend, CipherKey{key}, AesGcmIv{});
}

std::unique_ptr<PacketCipher> make_chacha20(const ChaCha20Poly1305Backend& backend) {
    std::array<std::byte, ChaCha20Poly1305Key::size> key{};
    return std::make_unique<ChaCha20Poly1305PacketCipher>(ChaCha20Poly1305Key{key}, backend);
}

std::vector<NamedCipher> all_ciphers() {
    std::vector<NamedCipher> ciphers;
    for (const AesGcmBackend backend : available_aes_gcm_backends()) {
        ciphers.push_back({"aes256-gcm, " + std::string{name_of(backend)},
                           [backend] { return make_aes_gcm(backend); }});
    }
    for (const ChaCha20Poly1305Backend& backend : available_chacha20_poly1305_backends()) {
        ciphers.push_back({"chacha20-poly1305, " + std::string{backend.name},
                           [&backend] { return make_chacha20(backend); }});
    }
    return ciphers;
}

void count_bytes(benchmark::State& state) {
    state.SetBytesProcessed(state.iterations() * state.range(0));
}

void seal(benchmark::State& state, const MakeCipher& make) {
    PacketSealer sealer;
    sealer.use(make());
    const auto payload = static_cast<std::size_t>(state.range(0));
    ByteVector packet(sealer.sealed_size(payload));
    for (auto _ : state) {
        sealer.seal(packet, payload);
        benchmark::ClobberMemory();
    }
    count_bytes(state);
}

/// A packet can be opened once only: those of one batch are sealed first, untimed.
void open(benchmark::State& state, const MakeCipher& make) {
    const auto payload = static_cast<std::size_t>(state.range(0));
    const std::size_t batch = std::clamp<std::size_t>((1 << 18) / payload, 1, 64);
    PacketSealer sealer;
    PacketOpener opener;
    sealer.use(make());
    opener.use(make());
    opener.set_length_limit(1 << 20);
    ByteVector packet(sealer.sealed_size(payload));
    InputBuffer in;
    for (auto _ : state) {
        for (std::size_t i = 0; i < batch; ++i) {
            sealer.seal(packet, payload);
            in.append(packet);
        }
        const auto start = std::chrono::steady_clock::now();
        std::size_t opened = 0;
        while (opener.open(in)) ++opened;
        const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
        if (opened != batch) state.SkipWithError("a packet wasn't opened");
        state.SetIterationTime(took.count() / static_cast<double>(batch));
    }
    count_bytes(state);
}

/// A keystroke, a message, a full packet for other peers, one between culverts.
const std::vector<std::int64_t> sizes{64, 1024, 32 * 1024, 128 * 1024};

const bool registered = [] {
    for (const NamedCipher& cipher : all_ciphers()) {
        benchmark::RegisterBenchmark(("seal/" + cipher.name).c_str(), [make = cipher.make](
                                                                          benchmark::State& state) {
            seal(state, make);
        })->ArgsProduct({sizes});
        benchmark::RegisterBenchmark(
            ("open/" + cipher.name).c_str(),
            [make = cipher.make](benchmark::State& state) { open(state, make); })
            ->ArgsProduct({sizes})
            ->UseManualTime();
    }
    return true;
}();

}  // namespace
