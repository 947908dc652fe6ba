#include "server/failed_request.hpp"

#include <fmt/format.h>

#include "common/base/escape.hpp"

namespace culvert {

std::string describe(const FailedRequest& failed) {
    const auto key = [&](std::string_view why) {
        return fmt::format("{} {} ({})", escaped(failed.key_type, 64), failed.fingerprint, why);
    };
    switch (failed.why) {
        case FailedRequest::Why::method:
            return fmt::format("{} (culvertd takes keys only)", escaped(failed.method, 64));
        case FailedRequest::Why::key_type:
            return key("culvertd takes ssh-ed25519 keys only");
        case FailedRequest::Why::garbled_key:
            return key("the key is garbled");
        case FailedRequest::Why::signature:
            return key("the signature is wrong");
    }
    return {};
}

}  // namespace culvert
