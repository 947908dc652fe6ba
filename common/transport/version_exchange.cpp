#include "common/transport/version_exchange.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "common/base/escape.hpp"
#include "common/transport/try_later.hpp"
#include "common/wire/protocol_error.hpp"

namespace culvert {
namespace {

constexpr std::string_view version_prefix = "SSH-";

ProtocolError version_error(const std::string& text) {
    return ProtocolError{text, DisconnectReason::protocol_version_not_supported};
}

}  // namespace

std::optional<std::string> VersionReader::read(InputBuffer& in) {
    for (;;) {
        const std::string_view unread = text_of(in.unread());
        const std::size_t end = unread.find('\n');
        const std::size_t length = end == std::string_view::npos ? unread.size() : end + 1;
        line_.append(unread.substr(0, length));
        in.consume(length);

        // Or may yet become one.
        const bool is_version =
            line_.starts_with(version_prefix) || version_prefix.starts_with(line_);
        const std::size_t limit = is_version ? longest_line : most_bytes_before - bytes_before_;
        if (line_.size() > limit) {
            if (is_version) throw version_error("the peer's version line is longer than 255 bytes");
            not_ssh();
        }
        if (end == std::string_view::npos) {
            // A client's first line is its version: no need to wait for the end of another.
            if (us_ == Role::server && !is_version) not_ssh();
            return std::nullopt;
        }

        const std::size_t with_line_end = line_.size();
        line_.pop_back();
        if (line_.ends_with('\r')) line_.pop_back();
        if (is_version) break;
        bytes_before_ += with_line_end;
        on_other_line(line_);
        line_.clear();
    }
    if (line_.find('\0') != std::string::npos) {
        throw version_error("the peer's version line has a zero byte in it");
    }
    // RFC 4253 5.1: 1.99 is a server that speaks SSH-2 and would also speak SSH-1.
    if (!line_.starts_with("SSH-2.0-") && !line_.starts_with("SSH-1.99-")) {
        throw version_error(
            fmt::format("the peer speaks another protocol version: {}", escaped(line_)));
    }
    return std::move(line_);
}

void VersionReader::on_other_line(std::string_view line) {
    if (lines_before_ == 0) first_line_ = line;
    ++lines_before_;
    if (says_try_later(line)) told_to_try_later_ = true;
    if (us_ == Role::server || lines_before_ > most_lines_before) not_ssh();
}

std::string VersionReader::seen() const {
    return escaped_in_line(lines_before_ > 0 ? first_line_ : line_);
}

bool VersionReader::told_to_try_later() const noexcept {
    // The end of the line may have been lost with the connection. A version is no such line.
    const bool is_version = line_.starts_with(version_prefix);
    return us_ == Role::client && (told_to_try_later_ || (!is_version && says_try_later(line_)));
}

void VersionReader::not_ssh() const {
    throw version_error(fmt::format("the peer is not an SSH {}: it said \"{}\"",
                                    us_ == Role::client ? "server" : "client", seen()));
}

void VersionExchange::write(OutputBuffer& out) {
    constexpr std::string_view line_end = "\r\n";
    const MutableBytes line = out.space(our_version.size() + line_end.size());
    const auto end = std::ranges::copy(bytes_of(our_version), line.begin()).out;
    std::ranges::copy(bytes_of(line_end), end);
    out.commit(line.size());
}

Versions VersionExchange::both() const {
    return us_ == Role::client ? Versions{our_version, *peer_} : Versions{*peer_, our_version};
}

}  // namespace culvert
