#include "common/kex/digest.hpp"

#include <doctest/doctest.h>

using namespace culvert;

TEST_CASE("a digest has its algorithm's size, and differs from one of another size") {
    const Bytes message = bytes_of("abc");
    for (const auto& [algorithm, digest] :
         {std::pair{HashAlgorithm::sha256, Digest{sha256(message)}},
          std::pair{HashAlgorithm::sha512, Digest{sha512(message)}}}) {
        Hasher hasher{algorithm};
        hasher.update(message.first(1));
        Hasher copy{hasher};
        CHECK(hasher.update(message.subspan(1)).finish() == digest);
        CHECK(copy.update(message.subspan(1)).finish() == digest);
    }
    CHECK(Digest{sha256(message)}.view().size() == 32);
    CHECK(Digest{sha512(message)}.view().size() == 64);
    CHECK(Digest{Sha256Digest{}} != Digest{Sha512Digest{}});
}
