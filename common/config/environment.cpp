#include "common/config/environment.hpp"

#include <pwd.h>
#include <unistd.h>

#include <cstdlib>
#include <vector>

#include <fmt/format.h>

#include "common/base/characters.hpp"
#include "common/base/error.hpp"
#include "common/base/escape.hpp"

namespace culvert {
namespace {

[[noreturn]] void fail(std::string_view path, const std::string& why, std::string hint = {}) {
    throw Error{ErrorKind::config, fmt::format("{}: {}", escaped(path), why),
                Hint{std::move(hint)}};
}

}  // namespace

Environment process_environment() {
    Environment found;
    found.root = ::geteuid() == 0;
    found.variable = [](const std::string& name) -> std::optional<std::string> {
        const char* const value = ::secure_getenv(name.c_str());
        if (value == nullptr) return std::nullopt;
        return value;
    };
    struct passwd entry {};
    struct passwd* self = nullptr;
    std::vector<char> strings(16'384);
    if (::getpwuid_r(::geteuid(), &entry, strings.data(), strings.size(), &self) == 0 &&
        self != nullptr) {
        found.home = self->pw_dir;
        found.login = self->pw_name;
    }
    if (const auto home = found.variable("HOME"); home && home->starts_with('/')) {
        found.home = *home;
    }
    return found;
}

std::string expand_path(std::string_view path, const Environment& environment) {
    if (path.empty()) fail(path, "an empty path");
    if (has_control(path)) fail(path, "a path with control characters");
    std::string result;
    std::string_view rest = path;
    if (rest.starts_with('~')) {
        rest.remove_prefix(1);
        if (!rest.empty() && rest.front() != '/') {
            fail(path, "only ~/ is known, not other users' home folders", "write the whole path");
        }
        if (environment.home.empty()) fail(path, "~ can't be replaced: HOME is not set");
        result = environment.home;
    }
    while (!rest.empty()) {
        const std::size_t start = rest.find("${");
        result += rest.substr(0, start);
        if (start == std::string_view::npos) break;
        const std::size_t end = rest.find('}', start);
        if (end == std::string_view::npos) fail(path, "'${' without its '}'");
        const std::string name{rest.substr(start + 2, end - start - 2)};
        const auto value = environment.variable(name);
        if (!value) {
            fail(path, fmt::format("the environment variable {} is not set", escaped(name)));
        }
        result += *value;
        rest.remove_prefix(end + 1);
    }
    return result;
}

}  // namespace culvert
