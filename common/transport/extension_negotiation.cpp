#include "common/transport/extension_negotiation.hpp"

namespace culvert {

std::optional<ByteVector> ExtensionNegotiation::to_send() const {
    if (!peer_takes_) return std::nullopt;
    return encode_ext_info(ours_);
}

void ExtensionNegotiation::on_ext_info(Bytes payload) {
    peer_ = decode_ext_info(payload);
    ++received_;
}

}  // namespace culvert
