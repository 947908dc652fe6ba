#include "common/kex/kex_method.hpp"

#include "common/kex/curve25519.hpp"

namespace culvert {

NameList kex_methods() { return {"curve25519-sha256", "curve25519-sha256@libssh.org"}; }

std::unique_ptr<KexMethod> make_kex_method(std::string_view name, Random& random) {
    if (name == "curve25519-sha256" || name == "curve25519-sha256@libssh.org") {
        return std::make_unique<Curve25519>(random);
    }
    return nullptr;
}

}  // namespace culvert
