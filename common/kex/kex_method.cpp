#include "common/kex/kex_method.hpp"

#include <algorithm>
#include <array>

#include "common/kex/curve25519.hpp"
#include "common/kex/hybrid.hpp"

namespace culvert {
namespace {

std::unique_ptr<KexMethod> make_curve25519(Random& random) {
    return std::make_unique<Curve25519>(random);
}

struct Entry {
    std::string_view name;
    std::unique_ptr<KexMethod> (*make)(Random&);
    bool is_post_quantum;
};

constexpr std::array methods{
    Entry{"mlkem768x25519-sha256", make_mlkem768_x25519, true},
    Entry{"sntrup761x25519-sha512", make_sntrup761_x25519, true},
    Entry{"sntrup761x25519-sha512@openssh.com", make_sntrup761_x25519, true},
    Entry{"curve25519-sha256", make_curve25519, false},
    Entry{"curve25519-sha256@libssh.org", make_curve25519, false},
};

const Entry* find(std::string_view name) {
    const auto found = std::ranges::find(methods, name, &Entry::name);
    return found == methods.end() ? nullptr : &*found;
}

}  // namespace

NameList kex_methods() {
    NameList names;
    for (const Entry& method : methods) names.emplace_back(method.name);
    return names;
}

bool is_post_quantum(std::string_view name) {
    const Entry* method = find(name);
    return method && method->is_post_quantum;
}

std::unique_ptr<KexMethod> make_kex_method(std::string_view name, Random& random) {
    const Entry* method = find(name);
    return method ? method->make(random) : nullptr;
}

}  // namespace culvert
