#include "common/connection/open_failure.hpp"

#include <fmt/format.h>

#include "common/base/escape.hpp"

namespace culvert {
namespace {

std::string name_of(OpenFailureReason reason) {
    switch (reason) {
        case OpenFailureReason::administratively_prohibited:
            return "administratively prohibited";
        case OpenFailureReason::connect_failed:
            return "connect failed";
        case OpenFailureReason::unknown_channel_type:
            return "unknown channel type";
        case OpenFailureReason::resource_shortage:
            return "resource shortage";
    }
    return fmt::format("refused (reason {})", static_cast<std::uint32_t>(reason));
}

}  // namespace

std::string describe(const OpenFailure& failure) {
    return with_peer_text(name_of(failure.reason), failure.description);
}

}  // namespace culvert
