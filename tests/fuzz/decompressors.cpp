// Compressed payloads of any content, several in a row as one stream: they are refused, or come to
// a payload that is bounded and that stays as it is as long as it is kept.
#include <memory>
#include <vector>

#include "common/compression/compressor.hpp"
#include "common/wire/protocol_error.hpp"
#include "tests/fuzz/fuzz_input.hpp"

using namespace culvert;
using namespace culvert::fuzz;

namespace {

struct Kept {
    Bytes view;
    ByteVector copy;
};

void decompress_all(Decompressor& decompressor, FuzzInput& input) {
    PayloadArena payloads;
    std::vector<ByteVector> packets;
    std::vector<Kept> kept;
    while (!input.empty()) {
        payloads.on_next_packet();
        const Bytes taken = input.take(input.uint16());
        packets.emplace_back(taken.begin(), taken.end());
        const Bytes payload = decompressor.decompress(packets.back(), payloads);
        require(payload.size() <= largest_inflated_payload, "a payload has its limit");
        payloads.keep();
        kept.push_back({payload, {payload.begin(), payload.end()}});
        for (const Kept& one : kept) {
            require(std::ranges::equal(one.view, one.copy), "what is kept stays");
        }
        if (payloads.full()) kept.clear();
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    FuzzInput input{data, size};
    const auto decompressor =
        make_decompressor((input.byte() & 1) == 0 ? delayed_zlib : delayed_zstd);
    try {
        decompress_all(*decompressor, input);
    } catch (const ProtocolError& error) {
        require(error.reason() == DisconnectReason::compression_error, "the reason is the matter");
    }
    return 0;
}
