#pragma once

#include <optional>
#include <string>

#include "common/pacing/limits.hpp"
#include "common/transport/input_buffer.hpp"
#include "common/transport/output_buffer.hpp"
#include "common/wire/role.hpp"

namespace culvert {

/// Our version line without its line end (RFC 4253 4.2).
constexpr std::string_view our_version = "SSH-2.0-culvert_0.1.0";

/// The version lines of both sides, without line ends.
struct Versions {
    std::string_view client;
    std::string_view server;
};

/// Reads the peer's version line. A server may send other lines before it (RFC 4253 4.2), a client
/// may not; both are bounded.
class VersionReader {
public:
    explicit VersionReader(Role us) noexcept : us_{us} {}

    /// The line without its end, or nothing if it hasn't arrived whole. Throws ProtocolError for a
    /// peer that isn't SSH-2; the text then has the peer's first line, escaped.
    std::optional<std::string> read(InputBuffer& in);

    /// What has come so far of a peer that never got to its version line, escaped, for an error.
    std::string seen() const;
    /// A server said instead of its version that it has no place now (try_later.hpp).
    bool told_to_try_later() const noexcept;

    static constexpr std::size_t longest_line = 255;  ///< RFC 4253 4.2, line end included
    static constexpr std::size_t most_lines_before = limits::peer::lines_before_version;
    static constexpr std::size_t most_bytes_before = limits::peer::bytes_before_version;

private:
    void on_other_line(std::string_view line);
    [[noreturn]] void not_ssh() const;

    Role us_;
    std::string line_;
    std::string first_line_;
    std::size_t lines_before_ = 0;
    bool told_to_try_later_ = false;
    std::size_t bytes_before_ = 0;
};

/// The version exchange of one connection (RFC 4253 4.2): both sides send a line, at once.
class VersionExchange {
public:
    explicit VersionExchange(Role us) noexcept : us_{us}, reader_{us} {}

    /// Our line goes out ahead of everything else.
    static void write(OutputBuffer& out);
    /// True once the peer's line is there. Throws as VersionReader::read() does.
    bool read(InputBuffer& in) {
        if (!peer_) peer_ = reader_.read(in);
        return peer_.has_value();
    }

    const std::optional<std::string>& peer() const noexcept { return peer_; }
    /// Once the peer's is there; views into this.
    Versions both() const;
    // Of a peer that never got to its version line.
    std::string said_before() const { return reader_.seen(); }
    bool told_to_try_later() const noexcept { return reader_.told_to_try_later(); }

private:
    Role us_;
    VersionReader reader_;
    std::optional<std::string> peer_;
};

}  // namespace culvert
