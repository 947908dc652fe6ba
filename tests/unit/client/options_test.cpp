#include "client/options.hpp"

#include <string>

#include <doctest/doctest.h>

#include "tests/unit/client/command_line.hpp"

using namespace culvert;
using namespace culvert::test;

TEST_CASE("up, check and keygen come first") {
    const auto up = std::get<UpCommand>(parse({"up", "-c", "~/c.yaml", "mail", "db"}).command);
    CHECK(up.config_file == "/home/alice/c.yaml");
    CHECK(up.names == Words{"mail", "db"});
    const auto logged = std::get<UpCommand>(parse({"up", "-E", "/log", "--pid-file=/pid"}).command);
    CHECK(logged.log_file == "/log");
    CHECK(logged.pid_file == "/pid");
    CHECK(std::get<TunnelCommand>(parse({"--pid-file", "/pid", "gw", "1:h:2"}).command).pid_file ==
          "/pid");
    CHECK(std::get<UpCommand>(parse({"up"}).command).config_file ==
          "/home/alice/.config/culvert/culvert.yaml");
    CHECK(std::get<CheckCommand>(parse({"check", "-c/x"}).command).config_file == "/x");
    Environment root = made_up_environment();
    root.root = true;
    CHECK(default_client_config_path(root) == "/etc/culvert/culvert.yaml");
    CHECK(contains(error_of({"up", "-L", "1:h:2"}), "unknown flag '-L'"));
    CHECK(contains(error_of({"check", "x"}), "takes no arguments"));
    CHECK(contains(error_of({"up", "-c", ""}), "empty"));

    const auto keygen = std::get<KeygenSettings>(
        parse({"keygen", "-t", "ed25519", "-f", "/k", "-N", "", "-C", "me", "-q"}).command);
    CHECK(keygen.file == "/k");
    CHECK(keygen.comment == "me");
    CHECK(keygen.quiet);
    const auto plain = std::get<KeygenSettings>(parse({"keygen"}).command);
    CHECK(plain.file == "/home/alice/.ssh/id_ed25519");
    CHECK(plain.comment.starts_with("alice@"));
    CHECK(contains(error_of({"keygen", "-t", "dsa"}), "ed25519 keys only"));
    CHECK(contains(error_of({"keygen", "-N", "secret"}), "without a passphrase"));
    CHECK(!contains(error_of({"keygen", "-N", "secret"}), "secret"));
    CHECK(contains(error_of({"keygen", "-C", "a\nb"}), "control characters"));
    CHECK(contains(error_of({"keygen", "x"}), "takes no arguments"));
}

TEST_CASE("how much is said") {
    const auto level = [](Words words) {
        words.insert(words.end(), {"gw", "1:h:2"});
        return parse(words).log.level;
    };
    CHECK(level({}) == LogLevel::info);
    CHECK(level({"-q"}) == LogLevel::error);
    CHECK(level({"-v"}) == LogLevel::verbose);
    CHECK(level({"-vv"}) == LogLevel::debug);
    CHECK(level({"-vvv"}) == LogLevel::debug);
    CHECK(level({"-q", "-v"}) == LogLevel::verbose);
    CHECK(level({"-v", "-q"}) == LogLevel::error);
    CHECK(parse({"--log-time", "gw", "1:h:2"}).log.time);
    CHECK(!parse({"gw", "1:h:2"}).log.level_named);
    CHECK(parse({"-v", "gw", "1:h:2"}).log.level_named);
    CHECK(parse({"-oLogLevel=ERROR", "gw", "1:h:2"}).log.level_named);
}

TEST_CASE("help and version are printed, whatever else is there") {
    for (const Words& words : {Words{"--help"},
                               {"-h"},
                               {"gw", "1:h:2", "-h"},
                               {"up", "--help"},
                               {"check", "-h"},
                               {"keygen", "--help"}}) {
        const auto text = std::get<PrintCommand>(parse(words).command).text;
        CHECK(contains(text, "usage: culvert"));
        CHECK(text.ends_with('\n'));
        for (std::size_t at = 0; at < text.size();) {
            const std::size_t end = text.find('\n', at);
            CHECK(end - at <= 100);
            at = end + 1;
        }
    }
    CHECK(std::get<PrintCommand>(parse({"--version"}).command).text.starts_with("culvert "));
    CHECK(std::get<PrintCommand>(parse({"-V"}).command).text.starts_with("culvert "));
}
