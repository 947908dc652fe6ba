#include "common/net/dial_failure.hpp"

#include <cerrno>

#include <doctest/doctest.h>
#include <asio/error.hpp>

namespace culvert {
namespace {

TEST_CASE("what connect says, as a kind and in words") {
    using Kind = DialFailure::Kind;
    struct Row {
        int error;
        Kind kind;
        const char* text;
    };
    for (const Row& row : {
             Row{ECONNREFUSED, Kind::refused, "connection refused"},
             Row{EHOSTUNREACH, Kind::unreachable, "host unreachable"},
             Row{ENETUNREACH, Kind::unreachable, "network unreachable"},
             Row{EAFNOSUPPORT, Kind::unreachable, "network unreachable"},
             Row{ETIMEDOUT, Kind::timed_out, "timed out"},
             Row{EMFILE, Kind::no_descriptors, "no file descriptors left"},
             Row{ENFILE, Kind::no_descriptors, "no file descriptors left"},
             Row{ECONNRESET, Kind::other, "connection reset at once, maybe by a firewall"},
             Row{EADDRNOTAVAIL, Kind::other, "no local address or port for it"},
             Row{EPERM, Kind::other, "operation not permitted"},
             Row{EIO, Kind::other, "input/output error"},
         }) {
        CAPTURE(row.error);
        const auto failure =
            dial_failure(std::error_code{row.error, asio::error::get_system_category()});
        CHECK(failure.kind == row.kind);
        CHECK(failure.text == row.text);
        CHECK(failure.details == row.text);
    }
}

TEST_CASE("an error names the target, escaped, and has the details") {
    const DialFailure failure{DialFailure::Kind::refused, "refused", "refused (::1)"};
    const Error error = to_error({"g\nw", 22}, failure);
    CHECK(error.kind() == ErrorKind::network);
    CHECK(error.what() == std::string{"g\\x0aw:22: refused (::1)"});
}

}  // namespace
}  // namespace culvert
