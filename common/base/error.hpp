#pragma once

#include <exception>
#include <stdexcept>
#include <string>
#include <string_view>

namespace culvert {

/// What went wrong, as far as the program's end depends on it (design 9, exit codes).
enum class ErrorKind {
    usage,           ///< the command line
    config,          ///< a file the user wrote, or names
    network,         ///< resolve, connect, listen, lost connection
    host_key,        ///< unknown, changed, revoked
    authentication,  ///< no key that the server takes
    protocol,        ///< the peer broke the protocol's rules
    internal,        ///< the system failed us: memory, descriptors, a library
};

/// A failed job. The text says what failed, with what, why, and what to do next: lower case, no
/// period. It may hold text of the peer, escaped (see escape.hpp), and never a secret.
class Error : public std::runtime_error {
public:
    Error(ErrorKind kind, const std::string& text) : std::runtime_error{text}, kind_{kind} {}

    ErrorKind kind() const noexcept { return kind_; }

private:
    ErrorKind kind_;
};

/// The same error with `context: ` before its text, for the way up.
inline Error with_context(std::string_view context, const Error& error) {
    return {error.kind(), std::string{context} + ": " + error.what()};
}

/// What an exception says, for a log line.
inline std::string text_of_exception(const std::exception_ptr& thrown) {
    try {
        std::rethrow_exception(thrown);
    } catch (const std::exception& error) {
        return error.what();
    } catch (...) {
        return "an unknown exception";
    }
}

}  // namespace culvert
