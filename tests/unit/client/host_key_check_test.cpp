#include "client/host_key_check.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "common/base/error.hpp"
#include "common/base/shell_quote.hpp"
#include "common/keys/fingerprint.hpp"
#include "common/keys/private_key.hpp"
#include "common/log/log.hpp"
#include "tests/unit/common/crypto/test_random.hpp"
#include "tests/unit/common/net/run.hpp"

using namespace culvert;

namespace {

/// A folder with known_hosts, a server that has a key, and a user who answers.
struct Scene {
    Scene() {
        start_log("test", {.level = LogLevel::error});
        std::string name = std::filesystem::temp_directory_path() / "culvert-test-XXXXXX";
        REQUIRE(mkdtemp(name.data()) != nullptr);
        folder = name;
        settings.server = {"gw.example.com", 2222};
        settings.user_known_hosts = {folder / "known_hosts"};
    }
    ~Scene() { std::filesystem::remove_all(folder); }

    void know(const std::string& line) {
        std::ofstream{settings.user_known_hosts.front(), std::ios::app} << line << '\n';
    }
    std::string known() const {
        std::ostringstream text;
        text << std::ifstream{settings.user_known_hosts.front()}.rdbuf();
        return text.str();
    }
    /// The error's text; empty if the key was accepted.
    std::string check() {
        std::string refusal;
        asio::io_context io;
        test_run(io, refusal);
        return refusal;
    }
    void test_run(asio::io_context& io, std::string& refusal) {
        const auto checked = [](Scene& scene, std::string& text) -> awaitable<void> {
            try {
                co_await check_host_key(scene.settings, scene.key, scene.ask(), scene.random,
                                        scene.accepted);
            } catch (const Error& error) {
                CHECK(error.kind() == ErrorKind::host_key);
                text = error.what();
                if (!error.hint().empty()) text += fmt::format("\nhint: {}", error.hint());
            }
        };
        run(io, checked(*this, refusal));
    }
    AskUser ask() { return &Scene::answer_from_list; }
    static awaitable<UserAnswer> answer_from_list(std::string question) {
        questions.push_back(std::move(question));
        if (answers.empty()) co_return NoAnswer::no_terminal;
        UserAnswer answer = answers.front();
        answers.erase(answers.begin());
        co_return answer;
    }

    static inline std::vector<UserAnswer> answers;
    static inline std::vector<std::string> questions;

    test::SeededRandom random{1};
    PublicKey key = PrivateKey::generate(random, "").public_key();
    PublicKey other_key = PrivateKey::generate(random, "").public_key();
    std::filesystem::path folder;
    TunnelSettings settings;
    std::optional<PublicKey> accepted;
};

bool contains(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("a known key is accepted, a changed one never") {
    for (const auto checking : {StrictHostKeyChecking::yes, StrictHostKeyChecking::accept_new,
                                StrictHostKeyChecking::ask, StrictHostKeyChecking::no}) {
        Scene scene;
        scene.settings.strict_host_key_checking = checking;
        scene.know("# a comment");
        scene.know("[gw.example.com]:2222 " + scene.key.to_text());
        CHECK(scene.check().empty());

        Scene changed;
        changed.settings.strict_host_key_checking = checking;
        changed.know("# a comment");
        changed.know("[gw.example.com]:2222 " + changed.other_key.to_text());
        const std::string refusal = changed.check();
        CHECK(contains(refusal, "host key changed"));
        CHECK(contains(refusal, changed.settings.user_known_hosts.front() + ":2"));
        CHECK(contains(refusal, fingerprint(changed.key)));
        CHECK(contains(refusal, fingerprint(changed.other_key)));
        CHECK(contains(refusal, "\nhint: ssh-keygen -f "));
    }
}

TEST_CASE("an unknown key is refused, asked about or remembered, as the user wants it") {
    SUBCASE("yes") {
        Scene scene;
        scene.settings.strict_host_key_checking = StrictHostKeyChecking::yes;
        const std::string refusal = scene.check();
        CHECK(contains(refusal, "accept-new"));
        CHECK(contains(refusal, "\nhint: echo '[gw.example.com]:2222 " + scene.key.to_text() +
                                    "' >> " + scene.settings.user_known_hosts.front()));
        // What `culvert up` takes, which has no -o.
        CHECK(contains(refusal, "culvert.yaml: host_key: " + fingerprint(scene.key)));
        CHECK(scene.known().empty());
    }
    SUBCASE("accept-new") {
        Scene scene;
        scene.settings.strict_host_key_checking = StrictHostKeyChecking::accept_new;
        CHECK(scene.check().empty());
        CHECK(scene.known() == "[gw.example.com]:2222 " + scene.key.to_text() + "\n");
    }
    SUBCASE("ask, without a terminal") {
        Scene scene;
        Scene::answers = {};
        CHECK(contains(scene.check(), "no terminal"));
        CHECK(scene.known().empty());
    }
    SUBCASE("ask, and the terminal is closed") {
        Scene scene;
        Scene::answers = {NoAnswer::terminal_closed};
        const std::string refusal = scene.check();
        CHECK(contains(refusal, "the terminal was closed before an answer"));
        CHECK(!contains(refusal, "there is no terminal"));
    }
    SUBCASE("ask, and the answer is yes or no, however it is written") {
        for (const std::string yes : {"YES", " yes ", "\tYes\r"}) {
            CAPTURE(yes);
            Scene scene;
            Scene::answers = {yes};
            CHECK(scene.check().empty());
            CHECK(!scene.known().empty());
        }
        for (const std::string no : {"NO", " no "}) {
            CAPTURE(no);
            Scene scene;
            Scene::answers = {no};
            CHECK(contains(scene.check(), "not accepted"));
        }
        Scene scene;
        Scene::answers = {" " + fingerprint(scene.key) + " "};
        CHECK(scene.check().empty());
    }
    SUBCASE("ask, and the answer is no") {
        Scene scene;
        Scene::answers = {"maybe", "no"};
        CHECK(contains(scene.check(), "not accepted"));
        CHECK(scene.known().empty());
    }
    SUBCASE("ask, and the answer is the fingerprint") {
        Scene scene;
        Scene::questions.clear();
        Scene::answers = {fingerprint(scene.key)};
        CHECK(scene.check().empty());
        CHECK(contains(Scene::questions.front(), fingerprint(scene.key)));
        CHECK(!scene.known().empty());
    }
    SUBCASE("ask, and the answer is another key's fingerprint") {
        Scene scene;
        Scene::answers = {fingerprint(scene.other_key), "yes"};
        const std::string refusal = scene.check();
        CHECK(contains(refusal, fingerprint(scene.key)));
        CHECK(contains(refusal, "you typed " + fingerprint(scene.other_key)));
        CHECK(scene.known().empty());
    }
    SUBCASE("BatchMode asks nobody") {
        Scene scene;
        scene.settings.batch_mode = true;
        Scene::answers = {"yes"};
        CHECK(contains(scene.check(), "BatchMode"));
    }
}

TEST_CASE("a pin decides alone") {
    Scene scene;
    scene.settings.host_key_pin = fingerprint(scene.key);
    scene.know("[gw.example.com]:2222 " + scene.other_key.to_text());
    CHECK(scene.check().empty());
    scene.settings.host_key_pin = fingerprint(scene.other_key);
    const std::string refusal = scene.check();
    CHECK(contains(refusal, fingerprint(scene.key)));
    CHECK(contains(refusal, fingerprint(scene.other_key)));
}

TEST_CASE("a revoked key, and a host known by another type of key, are named as such") {
    Scene revoked;
    revoked.settings.strict_host_key_checking = StrictHostKeyChecking::no;
    revoked.know("@revoked * " + revoked.key.to_text());
    revoked.know("[gw.example.com]:2222 " + revoked.key.to_text());
    CHECK(contains(revoked.check(), "revoked"));

    Scene other;
    other.settings.strict_host_key_checking = StrictHostKeyChecking::accept_new;
    other.know(
        "[gw.example.com]:2222 ecdsa-sha2-nistp256 "
        "AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBEmKSENjQEezOmxkZMy7opKgwFB9nkt5YRrYMj"
        "NuG5N87uRgg6CLrbo5wAdT/y6v0mKV0U2w0WZ2YB/++Tpockg=");
    const std::string refusal = other.check();
    CHECK(contains(refusal, "another type"));
    CHECK(contains(refusal, "\nhint: echo '[gw.example.com]:2222 " + other.key.to_text() + "' >> " +
                                other.settings.user_known_hosts.front()));
}

TEST_CASE("an alias stands for name and port; a file that can't be read lets nobody in") {
    Scene scene;
    scene.settings.strict_host_key_checking = StrictHostKeyChecking::yes;
    scene.settings.host_key_alias = "my-gateway";
    scene.know("my-gateway " + scene.key.to_text());
    CHECK(scene.check().empty());

    // Names that would be the same host's, were it no alias.
    Scene another;
    another.settings.strict_host_key_checking = StrictHostKeyChecking::yes;
    for (const auto& [alias, known] :
         {std::pair{"my-gateway", "my-gateway."}, {"0.0.0.0", "127.0.0.1"}}) {
        another.settings.host_key_alias = alias;
        another.know(fmt::format("{} {}", known, another.key.to_text()));
        CHECK(contains(another.check(), "host key unknown"));
    }

    // A folder in the file's place: whatever goes wrong in reading must not mean "unknown".
    Scene unreadable;
    unreadable.settings.strict_host_key_checking = StrictHostKeyChecking::no;
    std::filesystem::create_directory(unreadable.settings.user_known_hosts.front());
    asio::io_context io;
    bool accepted = false;
    const auto checked = [](Scene& s, bool& done) -> awaitable<void> {
        co_await check_host_key(s.settings, s.key, s.ask(), s.random, s.accepted);
        done = true;
    };
    CHECK_THROWS_AS(run(io, checked(unreadable, accepted)), Error);
    CHECK(!accepted);
}

TEST_CASE("a key that was accepted but can't be written down is accepted, as by ssh") {
    Scene scene;
    scene.settings.strict_host_key_checking = StrictHostKeyChecking::accept_new;
    scene.settings.user_known_hosts = {"/proc/no-such-folder/known_hosts"};
    CHECK(scene.check().empty());
}

TEST_CASE("a key that was accepted is no question any more, another one is") {
    Scene scene;
    scene.settings.user_known_hosts = {"/dev/null"};  // it isn't remembered there
    scene.answers = {"yes"};
    scene.questions.clear();
    CHECK(scene.check().empty());
    CHECK(scene.check().empty());
    CHECK(scene.questions.size() == 1);
    CHECK(!contains(scene.questions.front(), "save"));

    std::swap(scene.key, scene.other_key);
    scene.answers = {"no"};
    CHECK(contains(scene.check(), "not accepted"));
    CHECK(scene.questions.size() == 2);
}

TEST_CASE("a key that was accepted and is revoked then is refused") {
    Scene scene;
    scene.settings.strict_host_key_checking = StrictHostKeyChecking::accept_new;
    CHECK(scene.check().empty());
    scene.know("@revoked * " + scene.key.to_text());
    CHECK(contains(scene.check(), "revoked"));
}

TEST_CASE("a host that is known by another spelling of its address is not new") {
    for (const std::string host : {"::1%1", "::ffff:127.0.0.1", "0.0.0.0", "127.0.0.1."}) {
        CAPTURE(host);
        Scene scene;
        scene.settings.strict_host_key_checking = StrictHostKeyChecking::accept_new;
        scene.settings.server = {host, 2222};
        scene.know("[127.0.0.1]:2222 " + scene.other_key.to_text());
        scene.know("[::1]:2222 " + scene.other_key.to_text());
        const std::string before = scene.known();
        CHECK(contains(scene.check(), "host key changed"));
        CHECK(scene.known() == before);
    }
}

TEST_CASE("a hint can be pasted whatever the file is called") {
    Scene scene;
    scene.settings.strict_host_key_checking = StrictHostKeyChecking::yes;
    const std::string file = scene.settings.user_known_hosts.front() + " of 'all'";
    scene.settings.user_known_hosts = {file};
    const std::string quoted = shell_quoted(file);
    CHECK(contains(scene.check(), scene.key.to_text() + "' >> " + quoted));
    scene.know("[gw.example.com]:2222 " + scene.other_key.to_text());
    CHECK(
        contains(scene.check(), "\nhint: ssh-keygen -f " + quoted + " -R '[gw.example.com]:2222'"));
}
