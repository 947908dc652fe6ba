#include "common/engine/default_ciphers.hpp"

#include <doctest/doctest.h>

#include "common/transport/proposal.hpp"

using namespace culvert;

TEST_CASE("without a backend for AES-GCM chacha20-poly1305 alone is offered") {
    const std::string aes{aes256_gcm};
    const std::string chacha{chacha20_poly1305};
    CHECK(default_ciphers({}) == NameList{chacha});
    CHECK(default_ciphers({AesGcmBackend::sodium}) == NameList{aes, chacha});
    CHECK(default_ciphers({AesGcmBackend::multi_buffer}) == NameList{aes, chacha});
}
