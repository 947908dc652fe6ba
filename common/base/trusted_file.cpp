#include "common/base/trusted_file.hpp"

#include <fcntl.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <climits>
#include <filesystem>
#include <functional>
#include <string_view>
#include <system_error>
#include <vector>

#include <fmt/format.h>

#include "common/base/error.hpp"
#include "common/base/escape.hpp"
#include "common/base/file.hpp"
#include "common/base/shell_quote.hpp"

namespace culvert {
namespace {

/// As many as the kernel follows.
constexpr int most_links = 40;
constexpr mode_t writable_by_others = S_IWGRP | S_IWOTH;

/// A step of the way from the root folder to a file: a folder, a symbolic link or the file itself.
struct Step {
    std::string path;
    struct stat status {};
};

/// Follows a path from the root folder, as the kernel does, and shows each step on the way together
/// with the folder that holds it.
class PathWalk {
public:
    using OnStep = std::function<void(const Step& folder, const Step& entry)>;

    PathWalk(std::string path, OnStep on_step)
        : named_{std::move(path)}, on_step_{std::move(on_step)} {
        std::error_code failure;
        const auto absolute = std::filesystem::absolute(named_, failure);
        if (failure) fail(failure.value());
        push_ahead(absolute.string());
        enter_root();
    }

    /// The file at the path's end, opened for reading and shown as the last step.
    UniqueFd open() {
        for (;;) {
            const std::string name = take_name();
            if (name == "..") {
                if (folders_.size() > 1) folders_.pop_back();
            } else if (auto opened = enter(name)) {
                return std::move(*opened);
            }
        }
    }

private:
    struct Folder {
        Step step;
        UniqueFd descriptor;
    };

    [[noreturn]] void fail(int error) const { throw file_error(named_, error); }

    void push_ahead(std::string_view path) {
        // Last name first: they are taken from the back.
        std::vector<std::string> names;
        bool is_folder = path.ends_with('/') || path.ends_with("/.");
        while (!path.empty()) {
            const std::size_t slash = std::min(path.find('/'), path.size());
            if (slash > 0 && path.substr(0, slash) != ".")
                names.emplace_back(path.substr(0, slash));
            path.remove_prefix(std::min(slash + 1, path.size()));
        }
        if (is_folder && ahead_.empty()) names.emplace_back(".");
        ahead_.insert(ahead_.end(), names.rbegin(), names.rend());
    }

    std::string take_name() {
        // The path ends in a folder: "/", "a/..".
        if (ahead_.empty()) fail(EISDIR);
        std::string name = std::move(ahead_.back());
        ahead_.pop_back();
        return name;
    }

    void enter_root() {
        folders_.clear();
        Folder root{{"/", {}}, UniqueFd{::open("/", O_PATH | O_DIRECTORY | O_CLOEXEC)}};
        if (!root.descriptor || ::fstat(root.descriptor.get(), &root.step.status) != 0) fail(errno);
        folders_.push_back(std::move(root));
    }

    /// Goes one step on; the descriptor if that was the last.
    std::optional<UniqueFd> enter(const std::string& name) {
        const Folder& folder = folders_.back();
        const bool is_last = ahead_.empty();
        Step entry{folder.step.path + (folders_.size() > 1 ? "/" : "") + name, {}};
        UniqueFd place{
            ::openat(folder.descriptor.get(), name.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC)};
        if (!place || ::fstat(place.get(), &entry.status) != 0) fail(errno);
        if (S_ISLNK(entry.status.st_mode)) {
            on_step_(folder.step, entry);
            follow(place);
            return std::nullopt;
        }
        if (!is_last) {
            if (!S_ISDIR(entry.status.st_mode)) fail(ENOTDIR);
            on_step_(folder.step, entry);
            folders_.push_back({std::move(entry), std::move(place)});
            return std::nullopt;
        }
        // What is shown is what is read, whatever happens to the name. Without O_NONBLOCK a FIFO
        // would hold us up.
        constexpr int flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
        UniqueFd opened{::openat(folder.descriptor.get(), name.c_str(), flags)};
        if (!opened || ::fstat(opened.get(), &entry.status) != 0) fail(errno);
        if (S_ISDIR(entry.status.st_mode)) fail(EISDIR);
        on_step_(folder.step, entry);
        return opened;
    }

    void follow(const UniqueFd& link) {
        if (++links_ > most_links) fail(ELOOP);
        std::array<char, PATH_MAX> target{};
        const ssize_t size = ::readlinkat(link.get(), "", target.data(), target.size());
        if (size < 0) fail(errno);
        const std::string_view text{target.data(), static_cast<std::size_t>(size)};
        push_ahead(text);
        if (text.starts_with('/')) enter_root();
    }

    std::string named_;
    OnStep on_step_;
    std::vector<Folder> folders_;
    std::vector<std::string> ahead_;
    int links_ = 0;
};

std::string name_of(uid_t user) {
    passwd entry{};
    passwd* found = nullptr;
    std::vector<char> strings(16'384);
    if (::getpwuid_r(user, &entry, strings.data(), strings.size(), &found) == 0 && found) {
        return escaped(found->pw_name, 64);
    }
    return fmt::format("user {}", user);
}

bool is_account(const std::string& name, uid_t user) {
    if (name.empty()) return false;
    passwd entry{};
    passwd* found = nullptr;
    std::vector<char> strings(16'384);
    return ::getpwnam_r(name.c_str(), &entry, strings.data(), strings.size(), &found) == 0 &&
           found != nullptr && found->pw_uid == user;
}

bool is_ours(const struct stat& status) {
    return status.st_uid == 0 || status.st_uid == ::geteuid();
}

/// Whether a path's steps can be trusted, each with the folder that holds it.
class Judge {
public:
    Judge(const std::string& path, const TrustedOwners& owners) : path_{path}, owners_{owners} {}

    void operator()(const Step& folder, const Step& entry) const {
        expect_owner(folder);
        if ((folder.status.st_mode & writable_by_others) != 0) expect_sticky(folder, entry);
        // A link's own mode is 0777 and means nothing; a folder's is looked at at the next step.
        if (S_ISLNK(entry.status.st_mode) || S_ISDIR(entry.status.st_mode)) return;
        if (!S_ISREG(entry.status.st_mode)) {
            if (S_ISCHR(entry.status.st_mode)) return;
            throw Error{ErrorKind::config,
                        fmt::format("{}: not a regular file", shell_quoted(path_))};
        }
        expect_owner(entry);
        if ((entry.status.st_mode & writable_by_others) != 0) {
            fail(fmt::format("others than its owner may write to it (mode {})", mode_of(entry)),
                 fmt::format("chmod go-w {}", shell_quoted(entry.path)));
        }
    }

private:
    [[noreturn]] void fail(const std::string& why, std::string hint) const {
        throw Error{ErrorKind::config, fmt::format("{}: not trusted: {}", shell_quoted(path_), why),
                    Hint{std::move(hint)}};
    }

    static std::string mode_of(const Step& step) {
        return fmt::format("{:04o}", step.status.st_mode & 07777U);
    }

    /// "it" for the file itself.
    std::string called(const Step& step) const {
        if (step.path == path_) return "it";
        return fmt::format("{}{}", S_ISDIR(step.status.st_mode) ? "the folder " : "",
                           shell_quoted(step.path));
    }

    static std::string trusted_names() {
        const std::string us = name_of(::geteuid());
        return us == "root" ? us : "root or " + us;
    }

    bool is_owner(const struct stat& status) const {
        return is_ours(status) || is_account(owners_.account, status.st_uid);
    }

    void expect_owner(const Step& step) const {
        if (owners_.anybody || is_owner(step.status)) return;
        fail(fmt::format("{} belongs to {} (mode {}), not to {}", called(step),
                         name_of(step.status.st_uid), mode_of(step), trusted_names()),
             fmt::format("chown {} {}", name_of(::geteuid()), shell_quoted(step.path)));
    }

    void expect_sticky(const Step& folder, const Step& entry) const {
        if ((folder.status.st_mode & S_ISVTX) == 0) {
            fail(fmt::format("others than its owner may write to {} (mode {})", called(folder),
                             mode_of(folder)),
                 fmt::format("chmod go-w {}", shell_quoted(folder.path)));
        }
        if (is_owner(entry.status)) return;
        fail(fmt::format("{} belongs to {}, in {} (mode {}), to which anybody may write",
                         called(entry), name_of(entry.status.st_uid), called(folder),
                         mode_of(folder)),
             fmt::format("chown -h {} {}", name_of(::geteuid()), shell_quoted(entry.path)));
    }

    const std::string& path_;
    const TrustedOwners& owners_;
};

}  // namespace

UniqueFd open_trusted_file(const std::string& path, const TrustedOwners& owners) {
    return PathWalk{path, Judge{path, owners}}.open();
}

std::string read_trusted_file(const std::string& path, std::size_t limit,
                              const TrustedOwners& owners) {
    const UniqueFd file = open_trusted_file(path, owners);
    return read_opened_file(file, path, limit);
}

std::optional<std::string> what_only_root_reads(const std::string& path) {
    std::optional<std::string> found;
    const auto look = [&](const Step& folder, const Step& entry) {
        const auto is_closed = [](const struct stat& status, mode_t group, mode_t others) {
            const bool for_group = status.st_gid != 0 && (status.st_mode & group) != 0;
            return status.st_uid == 0 && !for_group && (status.st_mode & others) == 0;
        };
        if (found) return;
        if (is_closed(folder.status, S_IXGRP, S_IXOTH))
            found = folder.path;
        else if (S_ISREG(entry.status.st_mode) && is_closed(entry.status, S_IRGRP, S_IROTH))
            found = entry.path;
    };
    try {
        (void)PathWalk{path, look}.open();
    } catch (const Error&) {
        // Whether it can be read at all is another question.
    }
    return found;
}

}  // namespace culvert
