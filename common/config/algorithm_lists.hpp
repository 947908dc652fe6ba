#pragma once

#include <string>
#include <vector>

#include "common/config/yaml_reader.hpp"

namespace culvert {

/// Wire names of either configuration file, best first, with commas or as a list. What this CPU
/// can't do is left out. Throws Error{config}, also where nothing is left.
std::vector<std::string> read_ciphers(const YamlValue& value);
std::vector<std::string> read_kex_algorithms(const YamlValue& value);

}  // namespace culvert
