#include "common/kex/exchange_hash.hpp"

#include <array>

#include "common/base/big_endian.hpp"

namespace culvert {

ExchangeHash exchange_hash(HashAlgorithm algorithm, const ExchangeTranscript& transcript,
                           const KexSecret& secret) {
    Hasher hash{algorithm};
    for (const Bytes field :
         {bytes_of(transcript.client_version), bytes_of(transcript.server_version),
          transcript.client_kexinit, transcript.server_kexinit, transcript.host_key,
          transcript.client_init, transcript.server_reply}) {
        std::array<std::byte, 4> length;
        store_big_endian<std::uint32_t>(length, static_cast<std::uint32_t>(field.size()));
        hash.update(length).update(field);
    }
    return hash.update(secret.reveal()).finish();
}

}  // namespace culvert
