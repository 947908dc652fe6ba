#include "common/config/algorithm_lists.hpp"

#include <algorithm>

#include "common/base/error.hpp"
#include "common/config/algorithms.hpp"

namespace culvert {
namespace {

std::vector<std::string> read_names(const YamlValue& value,
                                    std::vector<std::string> (*parse)(std::string_view)) {
    std::vector<std::string> names;
    for (const YamlValue& element : value.one_or_list()) {
        for (const std::string& name : element.parsed(parse)) {
            if (std::ranges::find(names, name) == names.end()) names.push_back(name);
        }
    }
    if (names.empty()) value.fail("an empty list: without the line the default holds");
    return names;
}

}  // namespace

std::vector<std::string> read_ciphers(const YamlValue& value) {
    std::vector<std::string> names = read_names(value, parse_ciphers);
    try {
        return possible_ciphers(std::move(names), available_aes_gcm_backends());
    } catch (const Error& error) {
        value.fail(error.what());
    }
}

std::vector<std::string> read_kex_algorithms(const YamlValue& value) {
    return read_names(value, parse_kex_algorithms);
}

}  // namespace culvert
