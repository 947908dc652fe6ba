#include "server/listen_plan.hpp"

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "common/base/escape.hpp"
#include "common/net/address.hpp"
#include "common/net/binding.hpp"

namespace culvert {
namespace {

using asio::ip::tcp;

using Covering = std::optional<std::size_t>;

std::string name_of(const ListenEntry& entry) { return escaped(to_string(entry.where)); }

/// The entry that covers address `j` of entry `i`; nothing if that is to be bound.
Covering covering(const std::vector<ListenEntry>& entries, std::size_t i, std::size_t j) {
    const tcp::endpoint& narrow = entries[i].addresses[j];
    for (std::size_t k = 0; k < entries.size(); ++k) {
        for (std::size_t l = 0; l < entries[k].addresses.size(); ++l) {
            const tcp::endpoint& wide = entries[k].addresses[l];
            const bool is_earlier = std::pair{k, l} < std::pair{i, j};
            if (covers(wide, narrow) && (wide != narrow || is_earlier)) return k;
        }
    }
    return std::nullopt;
}

std::string warning(const ListenEntry& wide, const ListenEntry& narrow, const std::string& what) {
    if (wide.where == narrow.where) return what + " is there twice";
    return fmt::format("{} covers {}", name_of(wide), what);
}

}  // namespace

std::vector<std::string> drop_covered(std::vector<ListenEntry>& entries) {
    std::vector<std::string> warnings;
    for (std::size_t i = 0; i < entries.size(); ++i) {
        ListenEntry& entry = entries[i];
        std::vector<Covering> by;
        entry.to_bind.clear();
        for (std::size_t j = 0; j < entry.addresses.size(); ++j) {
            by.push_back(covering(entries, i, j));
            if (!by.back()) entry.to_bind.push_back(entry.addresses[j]);
        }
        if (by.front() && std::ranges::count(by, by.front()) == std::ssize(by)) {
            warnings.push_back(warning(entries[*by.front()], entry, name_of(entry)));
            continue;
        }
        for (std::size_t j = 0; j < by.size(); ++j) {
            if (!by[j] || *by[j] == i) continue;
            warnings.push_back(
                warning(entries[*by[j]], entry,
                        fmt::format("{} of {}", to_string(entry.addresses[j]), name_of(entry))));
        }
    }
    std::erase_if(entries, [](const ListenEntry& entry) { return entry.to_bind.empty(); });
    return warnings;
}

}  // namespace culvert
