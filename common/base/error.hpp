#pragma once

#include <exception>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace culvert {

/// What went wrong, as far as the program's end depends on it (docs/contract.md, exit codes).
enum class ErrorKind {
    usage,           ///< the command line
    config,          ///< a file the user wrote, or names
    network,         ///< resolve, connect, listen, lost connection
    host_key,        ///< unknown, changed, revoked
    authentication,  ///< no key that the server takes
    protocol,        ///< the peer broke the protocol's rules
    internal,        ///< the system failed us: memory, descriptors, a library
};

/// The next step after a failure: a command that can be pasted (shell_quote.hpp), or a sentence. It
/// is shown as a line of its own, `program: hint: TEXT`.
struct Hint {
    std::string text;
};

/// A failed job. The text says what failed, with what, and why: lower case, no period. It may hold
/// text of the peer, escaped (see escape.hpp), and never a secret.
class Error : public std::runtime_error {
public:
    Error(ErrorKind kind, const std::string& text) : std::runtime_error{text}, kind_{kind} {}
    Error(ErrorKind kind, const std::string& text, Hint hint)
        : std::runtime_error{text}, kind_{kind} {
        if (!hint.text.empty()) hint_ = std::make_shared<const std::string>(std::move(hint.text));
    }

    ErrorKind kind() const noexcept { return kind_; }
    /// Empty if there is nothing to advise. Lives as long as this error or a copy of it.
    std::string_view hint() const noexcept { return hint_ ? *hint_ : std::string_view{}; }

private:
    ErrorKind kind_;
    std::shared_ptr<const std::string> hint_;  ///< shared: copying an exception must not throw
};

/// The same error with `context: ` before its text, for the way up.
inline Error with_context(std::string_view context, const Error& error) {
    return {error.kind(), std::string{context} + ": " + error.what(),
            Hint{std::string{error.hint()}}};
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
