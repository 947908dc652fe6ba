#include "common/net/dial_failure.hpp"

#include <netdb.h>

#include <cctype>
#include <cerrno>

#include <asio/error.hpp>

#include "common/base/escape.hpp"

namespace culvert {
namespace {

using Kind = DialFailure::Kind;

DialFailure with_text(Kind kind, const std::string& text) { return {kind, text, text}; }

/// The C library's texts begin with a capital.
std::string uncapitalized(std::string text) {
    const bool acronym = text.size() > 1 && std::isupper(static_cast<unsigned char>(text[1])) != 0;
    if (!text.empty() && !acronym) {
        text[0] = static_cast<char>(std::tolower(static_cast<unsigned char>(text[0])));
    }
    return text;
}

}  // namespace

DialFailure dial_failure(std::error_code reason) {
    switch (reason.value()) {
        case ECONNREFUSED:
            return with_text(Kind::refused, "connection refused");
        case EHOSTUNREACH:
        case EHOSTDOWN:
            return with_text(Kind::unreachable, "host unreachable");
        case ENETUNREACH:
        case ENETDOWN:
        case EAFNOSUPPORT:
            return with_text(Kind::unreachable, "network unreachable");
        case ETIMEDOUT:
            return with_text(Kind::timed_out, "timed out");
        case ECONNRESET:
            return with_text(Kind::other, "connection reset at once, maybe by a firewall");
        case EMFILE:
        case ENFILE:
            return with_text(Kind::no_descriptors, "no file descriptors left");
        case EADDRNOTAVAIL:
            return with_text(Kind::other, "no local address or port for it");
        default:
            return with_text(Kind::other, uncapitalized(reason.message()));
    }
}

DialFailure lookup_failure(int eai_error, int system_error) {
    switch (eai_error) {
        case EAI_NONAME:
        case EAI_NODATA:
        case EAI_ADDRFAMILY:
            return with_text(Kind::name_not_found, "name not found");
        case EAI_AGAIN:
            return with_text(Kind::lookup_failed, "temporary failure in name resolution");
        case EAI_SYSTEM: {
            DialFailure failure =
                dial_failure(std::error_code{system_error, asio::error::get_system_category()});
            if (failure.kind != Kind::no_descriptors) failure.kind = Kind::lookup_failed;
            failure.details = "looking up the name: " + failure.text;
            return failure;
        }
        default:
            return with_text(Kind::lookup_failed, uncapitalized(gai_strerror(eai_error)));
    }
}

DialFailure timed_out(const Deadline& deadline) {
    return with_text(Kind::timed_out, deadline.timed_out());
}

Error to_error(const Endpoint& target, const DialFailure& failure) {
    return {ErrorKind::network, escaped(to_string(target)) + ": " + failure.details};
}

}  // namespace culvert
