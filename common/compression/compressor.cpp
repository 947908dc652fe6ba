#include "common/compression/compressor.hpp"

#include "common/compression/zlib.hpp"
#include "common/compression/zstd.hpp"

namespace culvert {

std::unique_ptr<Compressor> make_compressor(std::string_view method) {
    if (method == delayed_zlib) return std::make_unique<ZlibCompressor>();
    if (method == delayed_zstd) return std::make_unique<ZstdCompressor>();
    return nullptr;
}

std::unique_ptr<Decompressor> make_decompressor(std::string_view method) {
    if (method == delayed_zlib) return std::make_unique<ZlibDecompressor>();
    if (method == delayed_zstd) return std::make_unique<ZstdDecompressor>();
    return nullptr;
}

}  // namespace culvert
