#include "common/keys/key_file.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

#include <fmt/format.h>

#include "common/base/error.hpp"
#include "common/keys/fingerprint.hpp"
#include "tests/unit/common/crypto/test_random.hpp"
#include "tests/unit/common/keys/key_vectors.hpp"

using namespace culvert;
namespace fs = std::filesystem;

namespace {

class TemporaryDirectory {
public:
    TemporaryDirectory() {
        std::string name = fs::temp_directory_path() / "culvert-key-file-XXXXXX";
        REQUIRE(::mkdtemp(name.data()) != nullptr);
        path_ = name;
    }
    ~TemporaryDirectory() { fs::remove_all(path_); }

    std::string file(const std::string& name) const { return path_ / name; }

    std::string with(const std::string& name, std::string_view content, mode_t mode) const {
        std::ofstream{file(name), std::ios::binary} << content;
        REQUIRE(::chmod(file(name).c_str(), mode) == 0);
        return file(name);
    }

    std::size_t files() const {
        return static_cast<std::size_t>(
            std::distance(fs::directory_iterator{path_}, fs::directory_iterator{}));
    }

private:
    fs::path path_;
};

std::string content_of(const std::string& file) {
    std::ifstream in{file, std::ios::binary};
    return {std::istreambuf_iterator<char>{in}, {}};
}

mode_t mode_of(const std::string& file) {
    struct stat status {};
    REQUIRE(::stat(file.c_str(), &status) == 0);
    return status.st_mode & 07777;
}

PrivateKey load(const std::string& file) {
    const UniqueFd opened{::open(file.c_str(), O_RDONLY | O_CLOEXEC)};
    REQUIRE(opened.get() >= 0);
    return load_private_key(opened, file);
}

/// What loading says; behind " | " what it advises.
template <class Load>
std::string complaint_of(Load load, const std::string& file) {
    try {
        load(file);
        return "";
    } catch (const Error& error) {
        CHECK(error.kind() == ErrorKind::config);
        return error.hint().empty() ? error.what()
                                    : fmt::format("{} | {}", error.what(), error.hint());
    }
}

std::string complaint(const std::string& file) {
    return complaint_of([](const std::string& name) { return load(name); }, file);
}

}  // namespace

TEST_CASE("a private key file of ours is read") {
    const TemporaryDirectory directory;
    for (const mode_t mode : {0600u, 0400u, 0700u}) {
        const std::string file = directory.with("id", test::keygen, mode);
        CHECK(fingerprint(load(file).public_key()) == test::keygen_fingerprint);
        fs::remove(file);
    }
}

TEST_CASE("a private key that others may read or write is refused, as ssh does") {
    const TemporaryDirectory directory;
    struct Row {
        mode_t mode;
        const char* text;
    };
    for (const Row& row : {
             Row{0644, "0644"},
             Row{0640, "0640"},
             Row{0604, "0604"},
             Row{0620, "0620"},
             Row{0602, "0602"},
             Row{0610, "0610"},
             Row{0777, "0777"},
         }) {
        CAPTURE(row.text);
        const std::string file = directory.with("id", test::keygen, row.mode);
        CHECK(complaint(file) ==
              file + ": permissions " + row.text + " are too open | chmod 600 " + file);
    }
}

TEST_CASE("an identity that isn't there can be made") {
    const TemporaryDirectory directory;
    const auto said = [](const std::string& file) { return complaint_of(load_identity, file); };
    const std::string missing = directory.file("id");
    CHECK(said(missing) == missing + ": no such file | culvert keygen -f " + missing);
    const std::string blank = directory.file("my id");
    CHECK(said(blank) == "'" + blank + "': no such file | culvert keygen -f '" + blank + "'");
    if (::geteuid() != 0) {  // nothing is closed to root
        const std::string closed = directory.with("closed", test::keygen, 0);
        CHECK(said(closed) == closed + ": permission denied");
    }
}

TEST_CASE("a private key file that can't be read says why") {
    const TemporaryDirectory directory;

    const std::string folder = directory.file("folder");
    fs::create_directory(folder);
    CHECK(complaint(folder) == folder + ": is a directory");

    const std::string large = directory.with("large", std::string(64 * 1024 + 1, 'x'), 0600);
    CHECK(complaint(large) == large + ": larger than 64 KiB, which no private key is");

    const std::string garbled = directory.with("garbled", test::keygen.substr(0, 200), 0600);
    CHECK(complaint(garbled).starts_with(garbled + " is garbled: "));
}

TEST_CASE("a public key file is said to be one, though others may read it") {
    const TemporaryDirectory directory;
    const std::string file = directory.with("id.pub", test::keygen_pub, 0644);
    CHECK(complaint(file).starts_with(file + " is a public key | "));
}

TEST_CASE("a public key's or certificate's file names the private key that belongs to it") {
    const TemporaryDirectory directory;
    const std::string its_key = fmt::format("ssh-ed25519 {}", test::keygen_fingerprint);
    const auto said = [](const std::string& file) {
        const IdentityFile loaded = load_identity(file);
        REQUIRE(loaded.why_no_secret);
        return fmt::format("{} | {}", loaded.why_no_secret->what(), loaded.why_no_secret->hint());
    };
    const std::string names = "name the private key that belongs to it: ";
    const std::string certificate = directory.with("id-cert.pub", test::keygen_cert, 0644);
    const std::string odd_name = directory.with("alice.crt", test::keygen_cert, 0644);
    const std::string key = directory.with("my id.pub", test::keygen_pub, 0644);
    // Only files that are there are named.
    CHECK(said(certificate) == certificate + " is a certificate | " + names + its_key);
    CHECK(said(odd_name) == odd_name + " is a certificate | " + names + its_key);
    CHECK(said(key) == "'" + key + "' is a public key | " + names + its_key);
    CHECK(said(directory.with("rsa-cert.pub", test::rsa_cert, 0644)).find(": ssh-rsa SHA256:") !=
          std::string::npos);
    directory.with("id", test::keygen, 0600);
    directory.with("my id", test::keygen, 0600);
    CHECK(said(certificate) ==
          certificate + " is a certificate | " + names + "-i " + directory.file("id"));
    CHECK(said(key) ==
          "'" + key + "' is a public key | " + names + "-i '" + directory.file("my id") + "'");
    CHECK(complaint(certificate) ==
          certificate + " is a certificate | " + names + directory.file("id"));
}

TEST_CASE("a key pair is written with the right modes, whatever the umask, and can be read back") {
    const TemporaryDirectory directory;
    const std::string file = directory.file("id");
    test::SeededRandom random{4};
    const PrivateKey key = PrivateKey::generate(random, "alice@laptop");
    for (const mode_t mask : {0u, 077u}) {
        const mode_t before = ::umask(mask);
        write_key_pair(file, key, random);
        ::umask(before);
        CHECK(mode_of(file) == 0600);
        CHECK(mode_of(file + ".pub") == 0644);
        CHECK(directory.files() == 2);  // no temporary one is left
        CHECK(load(file).public_key() == key.public_key());
        CHECK(content_of(file + ".pub") == key.public_key().to_text() + " alice@laptop\n");
        fs::remove(file);
        fs::remove(file + ".pub");
    }
}

TEST_CASE("a key pair never replaces a file unasked") {
    const TemporaryDirectory directory;
    const std::string file = directory.file("id");
    test::SeededRandom random{5};
    const PrivateKey key = PrivateKey::generate(random, "new");
    for (const char* existing : {"id", "id.pub"}) {
        CAPTURE(existing);
        const std::string old = directory.with(existing, "old", 0600);
        try {
            write_key_pair(file, key, random);
            FAIL_CHECK("replaced");
        } catch (const Error& error) {
            CHECK(error.kind() == ErrorKind::config);
            CHECK(error.what() == old + ": already exists");
            CHECK(error.hint() == "move the file away, or choose another name");
        }
        CHECK(content_of(old) == "old");
        CHECK(directory.files() == 1);
        fs::remove(old);
    }

    directory.with("id", "old", 0600);
    directory.with("id.pub", "old", 0600);
    write_key_pair(file, key, random, ExistingKey::replace);
    CHECK(load(file).public_key() == key.public_key());
    CHECK(mode_of(file) == 0600);
    CHECK(mode_of(file + ".pub") == 0644);
    CHECK(directory.files() == 2);
}

TEST_CASE("a key pair that can't be written says where and why") {
    const TemporaryDirectory directory;
    const std::string file = directory.file("nowhere/id");
    test::SeededRandom random{6};
    const PrivateKey key = PrivateKey::generate(random, "");
    CHECK_THROWS_WITH_AS(write_key_pair(file, key, random),
                         (file + ": can't be written: no such file").c_str(), Error);
}
