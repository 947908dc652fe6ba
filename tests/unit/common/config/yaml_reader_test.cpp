#include "common/config/yaml_reader.hpp"

#include <string>

#include <doctest/doctest.h>

#include "common/base/error.hpp"
#include "tests/unit/common/base/temporary_folder.hpp"
#include "tests/unit/common/config/made_up_environment.hpp"

using namespace culvert;

namespace {

/// A configuration with one of each.
struct Settings {
    std::string name;
    bool on = false;
    unsigned number = 7;
    std::uint8_t small = 0;
    std::chrono::milliseconds wait{0};
    std::vector<std::string> files;
    std::string inner;
};

Settings read(const std::string& text) {
    const YamlValue top = YamlValue::from_text(text, "f.yaml", made_up_environment());
    Settings settings;
    YamlMap map = top.map();
    map.optional("name", settings.name);
    map.optional("on", settings.on);
    map.optional("number", settings.number);
    map.optional("small", settings.small);
    map.optional("wait", settings.wait);
    map.optional("files", settings.files, &YamlValue::paths);
    if (const YamlValue* const outer = map.find("outer")) {
        YamlMap inner = outer->map();
        inner.required("inner", settings.inner,
                       [](const YamlValue& value) { return value.text(); });
        inner.finish();
    }
    map.finish();
    return settings;
}

std::string error_of(const std::string& text) {
    try {
        read(text);
    } catch (const Error& error) {
        CHECK(error.kind() == ErrorKind::config);
        return error.what();
    }
    return "no error";
}

}  // namespace

TEST_CASE("values are read by their type") {
    const Settings settings = read(
        "name: a name\n"
        "on: yes\n"
        "number: 4294967295\n"
        "small: 255\n"
        "wait: 1m30s\n"
        "files: [~/x, /y]\n"
        "outer: {inner: 'yes'}\n");
    CHECK(settings.name == "a name");
    CHECK(settings.on);
    CHECK(settings.number == 4'294'967'295);
    CHECK(settings.small == 255);
    CHECK(settings.wait == std::chrono::seconds{90});
    CHECK(settings.files == std::vector<std::string>{"/home/alice/x", "/y"});
    CHECK(settings.inner == "yes");
    CHECK(read("files: /y").files == std::vector<std::string>{"/y"});
    CHECK(read("").number == 7);
    CHECK(read("# nothing but a comment\n").number == 7);
    CHECK(read("--- {}\n").number == 7);
}

TEST_CASE("every error says where it is") {
    struct Row {
        std::string text;
        std::string error;
    };
    for (const Row& row : {
             Row{"name: x\nnmae: y\n", "f.yaml:2:1: unknown key 'nmae', did you mean 'name'?"},
             Row{"outer:\n  inner: x\n  iner: y\n",
                 "f.yaml:3:3: outer: unknown key 'iner', did you mean 'inner'?"},
             Row{"outer: {inner: x, zzzzzz: y}\n",
                 "f.yaml:1:19: outer: unknown key 'zzzzzz'; known here: inner"},
             Row{"outer: {iner: x}\n",
                 "f.yaml:1:9: outer: unknown key 'iner', did you mean 'inner'?"},
             Row{std::string{"name: x\0\n", 9}, "f.yaml: has zero bytes in it"},
             Row{"outer: {}\n", "f.yaml:1:8: outer: 'inner' is missing"},
             Row{"name: x\nname: y\n",
                 "f.yaml:2:1: the key 'name' is given twice (first in line 1)"},
             Row{"outer:\n  inner: x\n  inner: y\n",
                 "f.yaml:3:3: outer: the key 'inner' is given twice (first in line 2)"},
             Row{"on: maybe\n", "f.yaml:1:5: on: 'maybe' is not true or false"},
             Row{"on: [true]\n", "f.yaml:1:5: on: a list, where true or false is expected"},
             Row{"on:\n", "f.yaml:1:1: on: has no value, where true or false is expected"},
             Row{"number: 1.5\n", "f.yaml:1:9: number: '1.5' is not a number from 0 to 4294967295"},
             Row{"number: -1\n", "f.yaml:1:9: number: '-1' is not a number from 0 to 4294967295"},
             Row{"small: 256\n", "f.yaml:1:8: small: '256' is not a number from 0 to 255"},
             Row{"small: 0x1f\n", "f.yaml:1:8: small: '0x1f' is not a number from 0 to 255"},
             Row{"small: 99999999999999999999\n",
                 "f.yaml:1:8: small: '99999999999999999999' is not a number from 0 to 255"},
             Row{"wait: 15\n",
                 "f.yaml:1:7: wait: '15' is not a duration with its unit, as in 500ms, 15s, 2m or "
                 "1h"},
             Row{"name: {}\n", "f.yaml:1:7: name: a map, where a single value is expected"},
             Row{"name: ''\n", "f.yaml:1:7: name: is empty"},
             Row{"name: ~\n", "f.yaml:1:1: name: has no value, where a single value is expected"},
             Row{"files: {}\n",
                 "f.yaml:1:8: files: a map, where a value or a list of them is expected"},
             Row{"files:\n  - /a\n  - [b]\n",
                 "f.yaml:3:5: files[1]: a list, where a single value is expected"},
             Row{"files: ['~bob/x']\n",
                 "f.yaml:1:9: files[0]: ~bob/x: only ~/ is known, not other users' home "
                 "folders"},
             Row{"- a\n", "f.yaml:1:1: a list, where a map is expected"},
             Row{"text\n", "f.yaml:1:1: 'text' is not a map"},
             Row{"outer: text\n", "f.yaml:1:8: outer: 'text' is not a map"},
             Row{"? [a]\n: b\n", "f.yaml:1:3: a list as a key"},
             Row{"name: x\n---\nname: y\n",
                 "f.yaml:2:1: a second document ('---'), which would be ignored"},
             // yaml-cpp 0.7 finds endless documents in front of such a comma.
             Row{"# name\n,,\n", "f.yaml:2:1: not valid YAML: it belongs to nothing before it"},
         }) {
        CAPTURE(row.text);
        CHECK(error_of(row.text) == row.error);
    }
}

TEST_CASE("text that is not YAML") {
    struct Row {
        std::string text;
        std::string place;
    };
    for (const Row& row : {
             Row{"name: [a\n", "f.yaml:"},
             Row{"name: 'a\n", "f.yaml:1:7: a quote (') that is not closed"},
             Row{"name: \"a\nnumber: 1\n\n", "f.yaml:1:7: a quote (\") that is not closed"},
             Row{"name: x\n\tnumber: 1\n", "f.yaml:2:"},
             Row{"name: *nobody\n", "f.yaml:1:"},
             Row{"name: \"\\q\"\n", "f.yaml:1:"},
             Row{"name: a: b\n", "f.yaml:1:8: a ': ' inside a value"},
         }) {
        CAPTURE(row.text);
        const std::string error = error_of(row.text);
        CHECK(error.starts_with(row.place));
    }
}

TEST_CASE("a file's text can't reach the terminal") {
    CHECK(error_of("\"na\\e[2Jme\": x\n").find('\x1b') == std::string::npos);
    CHECK(error_of("on: \"\\e[2J\"\n").find('\x1b') == std::string::npos);
}

TEST_CASE("nesting and aliases without measure end in an error") {
    CHECK(error_of(std::string(100'000, '[')).starts_with("f.yaml:"));
    CHECK(error_of(std::string(100'000, '{')).starts_with("f.yaml:"));

    // 1,000 users of one list of 1,000 values are a million values in 10 KiB.
    std::string bomb = "base: &base [";
    for (int i = 0; i < 1'000; ++i) bomb += "x,";
    bomb += "x]\nall:\n";
    for (int i = 0; i < 1'000; ++i) bomb += "  - *base\n";
    const YamlValue top = YamlValue::from_text(bomb, "f.yaml", made_up_environment());
    const auto visit_all = [&] {
        YamlMap map = top.map();
        for (const YamlValue& one : map.find("all")->list()) one.list();
    };
    CHECK_THROWS_WITH_AS(visit_all(), doctest::Contains("too many values"), Error);
}

TEST_CASE("an alias to what it is in is no way to go on for ever") {
    const YamlValue top = YamlValue::from_text("a: &a [*a]\n", "f.yaml", made_up_environment());
    YamlMap map = top.map();
    YamlValue value = *map.find("a");
    const auto descend = [&] {
        for (;;) value = value.list().front();
    };
    CHECK_THROWS_WITH_AS(descend(), doctest::Contains("nested too deeply"), Error);
}

TEST_CASE("files") {
    const TemporaryFolder folder;
    const auto environment = made_up_environment();
    const std::string missing = folder.path("missing.yaml");
    CHECK_THROWS_WITH_AS(YamlValue::from_file(missing, environment),
                         (missing + ": no such file").c_str(), Error);
    const std::string large = folder.write("large.yaml", std::string((1 << 20) + 1, '#'));
    CHECK_THROWS_WITH_AS(YamlValue::from_file(large, environment),
                         doctest::Contains("longer than 1048576 bytes"), Error);
}
