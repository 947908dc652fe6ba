#include "common/connection/open_failure.hpp"

#include <fmt/format.h>

#include "common/base/escape.hpp"

namespace culvert {
namespace {

std::string_view name_of(OpenFailureReason reason) {
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
    return "refused for a reason of its own";  // the number is the peer's
}

}  // namespace

std::string describe(const OpenFailure& failure) {
    return fmt::format("{}: {}", name_of(failure.reason), escaped(failure.description));
}

}  // namespace culvert
