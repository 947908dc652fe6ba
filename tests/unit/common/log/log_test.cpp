#include "common/log/log.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <filesystem>
#include <new>
#include <regex>
#include <string>

#include <doctest/doctest.h>

#include "common/base/error.hpp"
#include "common/base/file.hpp"
#include "common/log/log_change.hpp"
#include "tests/unit/common/base/temporary_folder.hpp"
#include "tests/unit/common/log/captured_stderr.hpp"

using namespace culvert;
using namespace culvert::test;

namespace {

std::string logged(const LogFlags& flags) {
    CapturedStderr captured;
    start_log("culvert", flags);
    log_error("error {}", 1);
    log_info("info");
    log_verbose("verbose");
    log_debug("debug");
    return captured.text();
}

}  // namespace

TEST_CASE("a line is 'program: text', and there are as many as were asked for (docs/contract.md)") {
    struct Row {
        LogLevel level;
        std::string text;
    };
    const std::string quiet = "culvert: error 1\n";
    const std::string usual = quiet + "culvert: info\n";
    const std::string verbose = usual + "culvert: verbose\n";
    for (const Row& row : {
             Row{LogLevel::error, quiet},
             Row{LogLevel::info, usual},
             Row{LogLevel::verbose, verbose},
             Row{LogLevel::debug, verbose + "culvert: debug\n"},
         }) {
        CAPTURE(row.text);
        CHECK(logged({.level = row.level}) == row.text);
        CHECK(logs(row.level));
    }
    CHECK(logged({}) == usual);
}

TEST_CASE("a change of the log is taken back unless it is kept, whatever ends the whole") {
    const TemporaryFolder folder;
    const LogSettings before;
    LogSettings fresh;
    fresh.level = LogLevel::debug;
    fresh.file = folder.path("log");
    CapturedStderr captured;
    start_log("culvert");
    try {
        const LogChange change{before, fresh};
        log_debug("in the file");
        throw std::bad_alloc{};
    } catch (const std::bad_alloc&) {
        log_info("on stderr");
        log_debug("nowhere");
    }
    CHECK(captured.text() == "culvert: on stderr\n");
    CHECK(folder.read("log").ends_with(" culvert: in the file\n"));

    {
        LogChange change{before, fresh};
        change.keep();
    }
    CHECK(logs(LogLevel::debug));
    configure_log(before);
}

TEST_CASE("the log of a configuration is checked without making or changing a file") {
    const TemporaryFolder folder;
    const auto settings = [&](const std::string& name) {
        LogSettings made;
        made.file = folder.path(name);
        return made;
    };
    std::filesystem::create_symlink("missing", folder.path("link"));
    std::filesystem::create_symlink("nowhere/log", folder.path("bad_link"));
    std::filesystem::create_symlink("loop", folder.path("loop"));
    folder.write("text", "a line\n");
    for (const char* const good : {"missing", "link", "text"}) {
        CAPTURE(good);
        check_log(settings(good));
    }
    check_log({});
    for (const char* const bad : {"", "nowhere/log", "text/log", "bad_link", "loop"}) {
        CAPTURE(bad);
        // As the start would say it.
        std::string why;
        try {
            configure_log(settings(bad));
        } catch (const Error& error) {
            why = error.what();
        }
        CHECK_THROWS_WITH_AS(check_log(settings(bad)), why.c_str(), Error);
    }
    CHECK(folder.number_of_files() == 4);
    CHECK(folder.read("text") == "a line\n");
}

TEST_CASE("--log-time puts the time before each line, and leaves the rest (docs/contract.md)") {
    const std::string text = logged({.level = LogLevel::info, .time = true});
    const std::string time = R"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3} )";
    CAPTURE(text);
    CHECK(
        std::regex_match(text, std::regex{time + "culvert: error 1\n" + time + "culvert: info\n"}));
    CHECK(logged({.level = LogLevel::error}) == "culvert: error 1\n");
}

TEST_CASE("--log-json makes each line an object, with an event's fields") {
    CapturedStderr captured;
    start_log("culvertd", {.level = LogLevel::info, .time = true, .json = true});
    log_info("plain \"quoted\" \xff");
    const std::array fields{LogField{"user", "alice"}, LogField{"bytes", std::uint64_t{7}},
                            LogField{"seconds", 0.5}};
    log_event(LogLevel::error, "forward", fields, "over");
    log_event(LogLevel::verbose, "forward", fields, "not seen");
    const std::string text = captured.text();
    CAPTURE(text);
    const std::string head =
        R"(\{"time":"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z","program":"culvertd",)";
    CHECK(std::regex_match(
        text, std::regex{head + R"("level":"info","text":"plain \\"quoted\\" \\ufffd"\}\n)" + head +
                         R"("level":"error","text":"over","event":"forward","user":"alice",)" +
                         R"("bytes":7,"seconds":0\.5\}\n)"}));
}

TEST_CASE("where stderr is the journal's, each line begins with its priority (sd-daemon(3))") {
    struct Row {
        const char* stream;  // %: what stderr really is
        bool is_journal;
    };
    for (const Row& row : {Row{"%", true}, Row{"", false}, Row{"1:2", false}, Row{"%0", false},
                           Row{"8:", false}, Row{":1", false}, Row{"%:", false}}) {
        CAPTURE(row.stream);
        CapturedStderr captured;
        struct stat status {};
        REQUIRE(::fstat(STDERR_FILENO, &status) == 0);
        std::string stream = row.stream;
        if (stream.starts_with('%')) {
            stream.replace(0, 1, fmt::format("{}:{}", status.st_dev, status.st_ino));
        }
        ::setenv("JOURNAL_STREAM", stream.c_str(), 1);
        start_log("culvertd", {.level = LogLevel::debug});
        log_error(Error{ErrorKind::network, "failed", Hint{"this"}});
        log_info("info");
        log_debug("debug");
        ::unsetenv("JOURNAL_STREAM");
        CHECK(captured.text() == (row.is_journal ? "<3>culvertd: failed\n<3>culvertd: hint: this\n"
                                                   "<6>culvertd: info\n<7>culvertd: debug\n"
                                                 : "culvertd: failed\nculvertd: hint: this\n"
                                                   "culvertd: info\nculvertd: debug\n"));
    }
}

TEST_CASE("a log file has times, is opened anew, and stays when the new one can't be had") {
    const std::string path = "log_test." + std::to_string(::getpid());
    const auto take = [&path] {
        std::string text = read_file(path, 4096);
        REQUIRE(::unlink(path.c_str()) == 0);
        return text;
    };
    CapturedStderr captured;
    start_log("culvertd");
    LogSettings settings;
    settings.file = path;
    configure_log(settings);
    log_info("one");
    CHECK(std::regex_match(take(),
                           std::regex{R"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3} culvertd: one\n)"}));
    reopen_log();
    log_info("two");
    CHECK(take().ends_with("culvertd: two\n"));

    reopen_log();
    LogSettings wrong;
    wrong.file = "/no/such/folder/log";
    CHECK_THROWS_AS(configure_log(wrong), Error);
    log_info("three");
    CHECK(take().ends_with("culvertd: three\n"));

    configure_log({});
    log_info("four");
    CHECK(captured.text() == "culvertd: four\n");
}

TEST_CASE("a program's start says where the log goes once that is true") {
    const std::string path = "use_log_test." + std::to_string(::getpid());
    LogSettings settings;
    settings.file = "/no/such/folder/log";
    {
        CapturedStderr captured;
        start_log("culvertd");
        CHECK_THROWS_AS(use_log(settings), Error);
        log_info("here still");
        CHECK(captured.text() == "culvertd: here still\n");
    }
    settings.file = path;
    {
        CapturedStderr captured;
        use_log(settings);
        log_info("one");
        CHECK(captured.text() == "culvertd: the log goes to " + path + "\n");
    }
    CHECK(read_file(path, 4096).ends_with("culvertd: one\n"));
    CHECK(::unlink(path.c_str()) == 0);
    configure_log({});
}

TEST_CASE("a kind's lines follow its own level") {
    CapturedStderr captured;
    start_log("culvertd");
    LogSettings settings;
    settings.level = LogLevel::error;
    settings.kinds[static_cast<std::size_t>(LogKind::logins)] = LogLevel::info;
    configure_log(settings);
    log_info("general");
    log_at({LogLevel::info, LogKind::logins}, "login");
    log_at({LogLevel::info, LogKind::forwards}, "forward");
    configure_log({});
    CHECK(captured.text() == "culvertd: login\n");
}

TEST_CASE("a hint is a line of its own, of its line's level; in JSON a field (docs/contract.md)") {
    const Error error{ErrorKind::authentication, "key refused", Hint{"ssh-add '/home/a b/key'"}};
    const auto logged = [&error](const LogFlags& flags) {
        CapturedStderr captured;
        start_log("culvert", flags);
        log_error(error);
        log_event(LogLevel::info, {}, {}, "waiting", "unlock the agent");
        log_event(LogLevel::info, {}, {}, "without", "");
        return captured.text();
    };
    const std::string quiet = "culvert: key refused\nculvert: hint: ssh-add '/home/a b/key'\n";
    CHECK(logged({.level = LogLevel::error}) == quiet);
    CHECK(logged({}) ==
          quiet + "culvert: waiting\nculvert: hint: unlock the agent\nculvert: without\n");
    const std::string json = logged({.level = LogLevel::error, .json = true});
    CAPTURE(json);
    CHECK(json.ends_with(R"("text":"key refused","hint":"ssh-add '/home/a b/key'"})"
                         "\n"));
}

TEST_CASE("a tag ends each line, to a shell as a comment; JSON has fields instead") {
    const auto logged = [](const LogFlags& flags) {
        CapturedStderr captured;
        start_log("culvert", flags);
        const std::array fields{LogField{"tunnel", "mail"}};
        log_event(LogLevel::info, {}, fields, "refused", "ssh-add key", " [mail]");
        log_event(LogLevel::info, {}, fields, "up", {}, " [mail]");
        return captured.text();
    };
    CHECK(logged({}) ==
          "culvert: refused [mail]\nculvert: hint: ssh-add key # [mail]\nculvert: up [mail]\n");
    const std::string json = logged({.json = true});
    CAPTURE(json);
    CHECK(json.find(R"("text":"refused","hint":"ssh-add key","tunnel":"mail"})") !=
          std::string::npos);
    CHECK(json.ends_with("\"text\":\"up\",\"tunnel\":\"mail\"}\n"));
    start_log("culvert");
}
