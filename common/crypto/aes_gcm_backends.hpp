#pragma once

#include <memory>

#include "common/crypto/aes_gcm.hpp"

/// What aes_gcm.cpp chooses from; nobody else includes this. A `make` needs its `works`.
namespace culvert {

bool multi_buffer_aes_gcm_works();
std::unique_ptr<Aes256Gcm> make_multi_buffer_aes_gcm(const CipherKey& key);

bool sodium_aes_gcm_works();
std::unique_ptr<Aes256Gcm> make_sodium_aes_gcm(const CipherKey& key);

}  // namespace culvert
