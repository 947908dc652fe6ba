#include "client/keygen.hpp"

#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "common/base/error.hpp"
#include "common/keys/fingerprint.hpp"
#include "common/keys/key_file.hpp"
#include "tests/unit/common/base/temporary_folder.hpp"

using namespace culvert;

namespace {

/// Answers as told, and keeps what was printed.
struct FakeTerminal {
    std::optional<std::string> answer;
    std::string printed;
    unsigned asked = 0;

    KeygenTerminal terminal() {
        return {[this](const std::string& question) {
                    printed += question;
                    ++asked;
                    return answer;
                },
                [this](const std::string& text) { printed += text; }};
    }
};

bool generate(const std::string& file, FakeTerminal& fake, bool quiet = false) {
    SystemRandom random;
    return generate_key_pair({file, "me@home", quiet}, random, fake.terminal());
}

}  // namespace

TEST_CASE("a key pair is made, and said to be made as ssh-keygen says it") {
    const TemporaryFolder folder;
    const std::string file = folder.path("id");
    FakeTerminal fake;
    CHECK(generate(file, fake));
    const PrivateKey key = load_identity(file).secret.value();
    CHECK(key.comment() == "me@home");
    CHECK(folder.read("id.pub") == key.public_key().to_text() + " me@home\n");
    CHECK(folder.mode("id") == 0600);
    CHECK(folder.mode("id.pub") == 0644);
    CHECK(fake.asked == 0);
    CHECK(fake.printed ==
          "Generating public/private ed25519 key pair.\n"
          "Your identification has been saved in " +
              file +
              "\n"
              "Your public key has been saved in " +
              file +
              ".pub\n"
              "The key fingerprint is:\n" +
              fingerprint(key.public_key()) + " me@home\n");
    FakeTerminal quiet;
    CHECK(generate(folder.path("other"), quiet, true));
    CHECK(quiet.printed.empty());
}

TEST_CASE("an existing key is replaced only when the answer is yes") {
    const TemporaryFolder folder;
    const std::string file = folder.path("id");
    FakeTerminal first;
    REQUIRE(generate(file, first));
    const std::string before = folder.read("id");

    FakeTerminal nobody;
    CHECK_THROWS_WITH_AS(generate(file, nobody), doctest::Contains("no terminal to ask"), Error);
    CHECK(folder.read("id") == before);
    for (const std::string no : {"n", "", "no", "yep", "N"}) {
        FakeTerminal fake{no, "", 0};
        CHECK(!generate(file, fake));
        CHECK(folder.read("id") == before);
    }
    FakeTerminal yes{"y", "", 0};
    CHECK(generate(file, yes));
    CHECK(yes.asked == 1);
    CHECK(yes.printed.find(file + " already exists.\nOverwrite (y/n)? ") != std::string::npos);
    CHECK(folder.read("id") != before);
    CHECK(load_identity(file).key.to_text() + " me@home\n" == folder.read("id.pub"));
}

TEST_CASE("a public key without its private one is somebody's, too") {
    const TemporaryFolder folder;
    folder.write("id.pub", "precious");
    FakeTerminal fake{"n", "", 0};
    CHECK(!generate(folder.path("id"), fake));
    CHECK(folder.read("id.pub") == "precious");
}

TEST_CASE("a missing folder is made if it is .ssh") {
    const TemporaryFolder folder;
    FakeTerminal fake;
    CHECK(generate(folder.path(".ssh/id"), fake));
    CHECK(folder.mode(".ssh") == 0700);
    CHECK_THROWS_AS(generate(folder.path("typo/id"), fake), Error);
}
