#pragma once

#include <string>

namespace culvert {

/// The text of an authorized_keys file. Throws Error{config} if it can't be read, is larger than
/// 16 MiB, or may be written to by others than its owner: whoever writes to it logs in.
std::string read_key_file(const std::string& path);

/// The same when culvertd starts, where a mistake is best found: throws also for a private key, and
/// logs what lets nobody in.
void check_key_file(const std::string& path);

}  // namespace culvert
