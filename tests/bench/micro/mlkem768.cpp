// What a key pair, an encapsulation and a decapsulation of ML-KEM-768 cost, by backend.

#include <benchmark/benchmark.h>

#include <string>

#include "common/crypto/mlkem768_backends.hpp"

namespace {

using namespace culvert;

struct MlKem768Exchange {
    std::array<std::byte, 64> seed{};
    std::array<std::byte, 32> message{};
    MlKem768::PublicKey public_key;
    std::array<std::byte, 2400> private_key;
    MlKem768::Ciphertext ciphertext;
    std::array<std::byte, 32> secret;

    void generate(const MlKem768Backend& backend) {
        backend.generate(seed, public_key, private_key);
    }
    void encapsulate(const MlKem768Backend& backend) {
        backend.encapsulate(public_key, message, ciphertext, secret);
    }
    void decapsulate(const MlKem768Backend& backend) {
        backend.decapsulate(private_key, ciphertext, secret);
    }
};

using Step = void (MlKem768Exchange::*)(const MlKem768Backend&);

void repeat(benchmark::State& state, const MlKem768Backend& backend, Step step) {
    MlKem768Exchange exchange;
    exchange.generate(backend);
    exchange.encapsulate(backend);
    for (auto _ : state) {
        (exchange.*step)(backend);
        benchmark::ClobberMemory();
    }
}

const bool registered = [] {
    struct Row {
        const char* name;
        Step step;
    };
    for (const MlKem768Backend& backend : available_mlkem768_backends()) {
        for (const Row& row : {Row{"key pair", &MlKem768Exchange::generate},
                               Row{"encapsulate", &MlKem768Exchange::encapsulate},
                               Row{"decapsulate", &MlKem768Exchange::decapsulate}}) {
            benchmark::RegisterBenchmark(
                ("mlkem768/" + std::string{row.name} + ", " + std::string{backend.name}).c_str(),
                [&backend, step = row.step](benchmark::State& state) {
                    repeat(state, backend, step);
                })
                ->Unit(benchmark::kMicrosecond);
        }
    }
    return true;
}();

}  // namespace
