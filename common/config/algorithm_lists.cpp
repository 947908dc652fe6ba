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

void read_key_exchanges(YamlMap& map, std::vector<std::string>& kex_algorithms,
                        bool& require_post_quantum) {
    const YamlValue* const names = map.find("kex_algorithms");
    const YamlValue* const required = map.find("require_post_quantum");
    if (names) kex_algorithms = read_names(*names, parse_kex_algorithms);
    if (required) require_post_quantum = required->boolean();
    try {
        offered_kex_algorithms(kex_algorithms, require_post_quantum);
    } catch (const Error& error) {
        if (const YamlValue* const place = names ? names : required) {
            place->fail(error.what(), error.hint());
        }
        throw;
    }
}

}  // namespace culvert
