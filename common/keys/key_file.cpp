#include "common/keys/key_file.hpp"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include <fmt/format.h>

#include "common/base/error.hpp"
#include "common/base/escape.hpp"
#include "common/base/file.hpp"
#include "common/base/shell_quote.hpp"
#include "common/base/unique_fd.hpp"
#include "common/keys/certificate.hpp"
#include "common/keys/fingerprint.hpp"

namespace culvert {
namespace {

// OpenSSH's largest, an RSA key of 16,384 bits, takes 13 KiB.
constexpr std::size_t max_key_file_size = 64 * 1024;

template <class... Args>
[[noreturn]] void fail(fmt::format_string<Args...> format, Args&&... args) {
    throw Error{ErrorKind::config, fmt::format(format, std::forward<Args>(args)...)};
}

SecretBytes read_all(const UniqueFd& file, const std::string& name) {
    SecretBytes text{max_key_file_size + 1};
    std::size_t size = 0;
    while (size < text.size()) {
        const MutableBytes space = text.writable().subspan(size);
        const ssize_t n = ::read(file.get(), space.data(), space.size());
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) fail("{}: {}", shell_quoted(name), reason_of(errno));
        if (n == 0) break;
        size += static_cast<std::size_t>(n);
    }
    if (size > max_key_file_size) {
        fail("{}: larger than 64 KiB, which no private key is", shell_quoted(name));
    }
    text.shrink(size);
    return text;
}

/// A file's new content, beside it under another name until it is complete and on the disk.
class NewFile {
public:
    NewFile(const std::string& name, mode_t mode, Bytes content)
        : name_{name}, temporary_{name + ".XXXXXX"} {
        const UniqueFd file{::mkostemp(temporary_.data(), O_CLOEXEC)};  // made with mode 0600
        if (file.get() < 0) fail_for(errno);
        try {
            write(file, content);
            if (::fchmod(file.get(), mode) != 0 || ::fsync(file.get()) != 0) fail_for(errno);
        } catch (...) {
            ::unlink(temporary_.c_str());
            throw;
        }
    }
    NewFile(const NewFile&) = delete;
    NewFile& operator=(const NewFile&) = delete;
    ~NewFile() {
        if (!placed_) ::unlink(temporary_.c_str());
    }

    void place(ExistingKey existing) {
        const int failed = existing == ExistingKey::replace
                               ? ::rename(temporary_.c_str(), name_.c_str())
                               : rename_to_unused();
        if (failed != 0) fail_for(errno);
        placed_ = true;
    }

    void remove() noexcept { ::unlink(name_.c_str()); }

private:
    int rename_to_unused() noexcept {
        const int failed =
            ::renameat2(AT_FDCWD, temporary_.c_str(), AT_FDCWD, name_.c_str(), RENAME_NOREPLACE);
        if (failed == 0 || errno != EINVAL) return failed;
        // Some file systems (NFS) can't; on those a hard link refuses a name that is in use.
        if (::link(temporary_.c_str(), name_.c_str()) != 0) return -1;
        ::unlink(temporary_.c_str());
        return 0;
    }

    void write(const UniqueFd& file, Bytes content) const {
        while (!content.empty()) {
            const ssize_t n = ::write(file.get(), content.data(), content.size());
            if (n < 0 && errno == EINTR) continue;
            if (n < 0) fail_for(errno);
            content = content.subspan(static_cast<std::size_t>(n));
        }
    }

    [[noreturn]] void fail_for(int error) const {
        if (error == EEXIST) {
            throw Error{ErrorKind::config, shell_quoted(name_) + ": already exists",
                        Hint{"move the file away, or choose another name"}};
        }
        fail("{}: can't be written: {}", shell_quoted(name_), reason_of(error));
    }

    std::string name_;
    std::string temporary_;
    bool placed_ = false;
};

/// So that the names are on the disk too. Not every file system can; the content is safe anyway.
void sync_directory_of(const std::string& file) {
    const std::size_t slash = file.rfind('/');
    const std::string directory = slash == file.npos ? "." : file.substr(0, slash + 1);
    const UniqueFd opened{::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
    if (opened.get() >= 0) ::fsync(opened.get());
}

struct KeyText {
    SecretBytes text;
    mode_t open_to_others;  ///< 0 if this user owns it and nobody else may read or write it
};

KeyText read_key_text(const UniqueFd& opened, const std::string& name) {
    struct stat status {};
    if (::fstat(opened.get(), &status) != 0) {
        fail("{}: {}", shell_quoted(name), reason_of(errno));
    }
    const bool open = status.st_uid == ::getuid() && (status.st_mode & 077) != 0;
    return {read_all(opened, name), open ? status.st_mode & 0777 : 0};
}

KeyText read_key_file(const std::string& file) {
    const UniqueFd opened{::open(file.c_str(), O_RDONLY | O_CLOEXEC)};
    if (opened.get() < 0 && errno == ENOENT) {
        throw Error{ErrorKind::config, shell_quoted(file) + ": no such file",
                    Hint{"culvert keygen -f " + shell_quoted(file)}};
    }
    if (opened.get() < 0) fail("{}: {}", shell_quoted(file), reason_of(errno));
    return read_key_text(opened, file);
}

void expect_closed(const KeyText& key, const std::string& file) {
    if (key.open_to_others != 0) {
        throw Error{ErrorKind::config,
                    fmt::format("{}: permissions {:04o} are too open", shell_quoted(file),
                                key.open_to_others),
                    Hint{"chmod 600 " + shell_quoted(file)}};
    }
}

/// ID for ID-cert.pub and ID.pub; empty if there is no such file.
std::string private_file_of(const std::string& file) {
    for (const std::string_view ending : {"-cert.pub", ".pub"}) {
        if (!file.ends_with(ending)) continue;
        std::string name = file.substr(0, file.size() - ending.size());
        if (::access(name.c_str(), F_OK) == 0) return name;
    }
    return {};
}

/// As expect_openssh_private_key(), with a hint that names the private key of a public one.
void expect_private_key(const KeyText& key, const std::string& file, KeyOwner owner) {
    try {
        expect_openssh_private_key(key.text.reveal(), file, owner);
    } catch (const Error& error) {
        const auto named = parse_public_half(key.text.reveal());
        if (!named) throw;
        const std::string name = private_file_of(file);
        const PublicKey plain = certified_key(*named).value_or(*named);
        const std::string which =
            name.empty() ? fmt::format("{} {}", escaped(plain.algorithm(), 64), fingerprint(plain))
            : owner == KeyOwner::user ? "-i " + shell_quoted(name)
                                      : shell_quoted(name);
        throw Error{error.kind(), error.what(),
                    Hint{"name the private key that belongs to it: " + which}};
    }
}

/// Of FILE.pub; nothing where that isn't there or is none.
std::optional<PublicKey> public_key_beside(const std::string& file) {
    try {
        return parse_public_half(read_key_file(file + ".pub").text.reveal());
    } catch (const Error&) {
        return std::nullopt;
    }
}

}  // namespace

PrivateKey load_private_key(const UniqueFd& file, const std::string& name) {
    const KeyText key = read_key_text(file, name);
    expect_private_key(key, name, KeyOwner::host);  // public keys are open to all, rightly
    expect_closed(key, name);
    return parse_private_key(key.text.reveal(), name, KeyOwner::host);
}

IdentityFile load_identity(const std::string& file) {
    std::optional<KeyText> read;
    std::optional<PublicKey> named;
    try {
        read = read_key_file(file);
        named = parse_public_half(read->text.reveal());
        expect_private_key(*read, file, KeyOwner::user);
    } catch (const Error& error) {
        if (!named) named = public_key_beside(file);
        if (!named) throw;
        return {std::move(*named), std::nullopt, error};
    }
    expect_closed(*read, file);
    try {
        PrivateKey key = parse_private_key(read->text.reveal(), file);
        return {key.public_key(), std::move(key), {}};
    } catch (const Error& error) {
        if (!named) named = public_key_beside(file);
        if (!named) throw;
        return {std::move(*named), std::nullopt, error};
    }
}

void write_key_pair(const std::string& file, const PrivateKey& key, Random& random,
                    ExistingKey existing) {
    const std::string line = format_public_key_line(key.public_key(), key.comment()) + '\n';
    NewFile private_half{file, 0600, format_private_key(key, random).reveal()};
    NewFile public_half{file + ".pub", 0644, bytes_of(line)};
    private_half.place(existing);
    try {
        public_half.place(existing);
    } catch (...) {
        if (existing == ExistingKey::keep) private_half.remove();
        throw;
    }
    sync_directory_of(file);
}

}  // namespace culvert
