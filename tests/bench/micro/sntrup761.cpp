// What a key pair, an encapsulation and a decapsulation of sntrup761 cost.

#include "common/crypto/sntrup761.hpp"

#include <benchmark/benchmark.h>

namespace {

using namespace culvert;

SystemRandom sntrup761_random;

void sntrup761_key_pair(benchmark::State& state) {
    for (auto _ : state) {
        const Sntrup761 key{sntrup761_random};
        benchmark::DoNotOptimize(key.public_key().data());
    }
}
BENCHMARK(sntrup761_key_pair)->Unit(benchmark::kMicrosecond);

void sntrup761_encapsulate(benchmark::State& state) {
    const Sntrup761 key{sntrup761_random};
    for (auto _ : state) {
        benchmark::DoNotOptimize(Sntrup761::encapsulate(key.public_key(), sntrup761_random));
    }
}
BENCHMARK(sntrup761_encapsulate)->Unit(benchmark::kMicrosecond);

void sntrup761_decapsulate(benchmark::State& state) {
    const Sntrup761 key{sntrup761_random};
    const auto made = Sntrup761::encapsulate(key.public_key(), sntrup761_random);
    for (auto _ : state) benchmark::DoNotOptimize(key.decapsulate(made.ciphertext));
}
BENCHMARK(sntrup761_decapsulate)->Unit(benchmark::kMicrosecond);

}  // namespace
