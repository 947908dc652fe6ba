#include "common/auth/known_hosts_file.hpp"

#include <sys/stat.h>

#include <array>
#include <cerrno>
#include <system_error>

#include <fmt/format.h>

#include "common/base/error.hpp"
#include "common/base/escape.hpp"
#include "common/base/file.hpp"
#include "common/base/shell_quote.hpp"

namespace culvert {
namespace {

/// A file of a hundred thousand hosts is far below that.
constexpr std::size_t longest_file = 64 << 20;

/// Makes the file's folder if it is missing; only that one.
void make_folder(const std::string& path) {
    const std::size_t slash = path.find_last_of('/');
    if (slash == std::string::npos || slash == 0) return;
    const std::string folder = path.substr(0, slash);
    if (::mkdir(folder.c_str(), 0700) == 0 || errno == EEXIST) return;
    throw Error{ErrorKind::config,
                fmt::format("{}: can't be made: {}", shell_quoted(folder), reason_of(errno))};
}

}  // namespace

KnownHostsFile read_known_hosts(const std::string& path) {
    const auto text = read_file_if_exists(path, longest_file);
    return parse_known_hosts(text.value_or(""), path);
}

void add_known_host(const std::string& path, std::string_view host, std::uint16_t port,
                    const PublicKey& key, HashNames hash_names, Random& random) {
    const std::string name = known_host_name(host, port);
    struct stat status {};
    const bool exists = ::stat(path.c_str(), &status) == 0;
    // UserKnownHostsFile=/dev/null is how one says that nothing is to be kept.
    if (exists && S_ISCHR(status.st_mode)) return;
    // In the file they would mean other hosts, or another kind of line.
    if (name.find_first_of(",*?!|#@\" \t\r\n") != std::string::npos) {
        throw Error{ErrorKind::config, fmt::format("{}: '{}' can't stand in a known_hosts file",
                                                   shell_quoted(path), escaped(name, 64))};
    }
    std::string line = format_known_host(name, key);
    if (hash_names == HashNames::yes || names_are_hashed(read_known_hosts(path))) {
        std::array<std::byte, 20> salt{};
        random.fill(salt);
        line = format_hashed_known_host(name, key, salt);
    }
    if (!exists) make_folder(path);
    append_line(path, line);
}

}  // namespace culvert
