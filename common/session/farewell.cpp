#include "common/session/farewell.hpp"

#include <cassert>

#include "common/base/error.hpp"

namespace culvert {
namespace {

std::optional<Farewell> farewell_for_error(const Error& error) {
    switch (error.kind()) {
        case ErrorKind::network:
            return std::nullopt;
        case ErrorKind::host_key:
            return Farewell{DisconnectReason::host_key_not_verifiable, "host key not accepted"};
        case ErrorKind::authentication:
            return Farewell{DisconnectReason::no_more_auth_methods_available,
                            "no key is left to try"};
        default:
            // The text is for our user: it may name local files, and the peer may be a stranger.
            return Farewell{DisconnectReason::by_application, "the other side can't go on"};
    }
}

}  // namespace

std::optional<Farewell> farewell_for(const std::exception_ptr& why) {
    assert(why);
    try {
        std::rethrow_exception(why);
    } catch (const ProtocolError& error) {
        return Farewell{error.reason(), error.what()};
    } catch (const Error& error) {
        return farewell_for_error(error);
    } catch (...) {
        return Farewell{DisconnectReason::by_application, "the connection is closed"};
    }
}

}  // namespace culvert
