#pragma once

#include <string>
#include <vector>

#include "common/config/yaml_reader.hpp"

namespace culvert {

// Wire names of either configuration file, best first, with commas or as a list.

/// What this CPU can't do is left out. Throws Error{config}, also where nothing is left.
std::vector<std::string> read_ciphers(const YamlValue& value);

/// The keys kex_algorithms and require_post_quantum, where the map has them. Throws Error{config},
/// also where no method is left to offer.
void read_key_exchanges(YamlMap& map, std::vector<std::string>& kex_algorithms,
                        bool& require_post_quantum);

}  // namespace culvert
