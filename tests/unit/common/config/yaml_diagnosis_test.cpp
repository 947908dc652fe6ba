#include "common/config/yaml_diagnosis.hpp"

#include <string>

#include <doctest/doctest.h>

#include "common/base/error.hpp"
#include "common/config/yaml_reader.hpp"
#include "tests/unit/common/config/made_up_environment.hpp"

using namespace culvert;

namespace {

struct Said {
    std::string error;
    std::string hint;
};

Said read(const std::string& text) {
    try {
        (void)YamlValue::from_text(text, "f", made_up_environment());
    } catch (const Error& error) {
        CHECK(error.kind() == ErrorKind::config);
        return {error.what(), std::string{error.hint()}};
    }
    return {};
}

const std::string write_as = "write the line as: ";

}  // namespace

TEST_CASE("what means something else in YAML is named, with the line as it should be") {
    struct Row {
        std::string text;
        std::string place;
        std::string what;
        std::string should_be;
    };
    for (const Row& row : {
             Row{"to: [::1]:80\n", "f:1:5: ", "'[' begins a list", "to: \"[::1]:80\""},
             Row{"local: *:8080\n", "f:1:8: ", "'*' refers to an anchor", "local: \"*:8080\""},
             Row{"a: 1\nb:\n  - {local: *:8080, to: [::1]:80}\n", "f:3:13: ", "'*'",
                 "- {local: \"*:8080\", to: \"[::1]:80\"}"},
             Row{"listen: [[::1]:2222, *:2222]", "f:1:10: ", "'['",
                 "listen: [\"[::1]:2222\", \"*:2222\"]"},
             Row{"open: [!10.0.0.0/8:*, \"x:1\"]", "f:1:8: ", "'!' is a tag",
                 "open: [\"!10.0.0.0/8:*\", \"x:1\"]"},
             Row{"a: &x\n", "f:1:4: ", "'&' names an anchor", "a: \"&x\""},
             Row{"a: %d/x\n", "f:1:4: ", "'%'", "a: \"%d/x\""},
             Row{"a: @gw # to there\n", "f:1:4: ", "'@' is reserved", "a: \"@gw\" # to there"},
             Row{"a: `x`\n", "f:1:4: ", "'`'", "a: \"`x`\""},
             Row{"a: {x}:80\n", "f:1:4: ", "'{' begins a map", "a: \"{x}:80\""},
             Row{"a: >x\n", "f:1:4: ", "'>'", "a: \">x\""},
             Row{"{a: x@[::1]:22}\n", "f:1:5: ", "brackets", "{a: \"x@[::1]:22\"}"},
             Row{"a:\n\tb: c\n", "f:2:1: ", "a tab in the indentation", "b: c"},
             Row{"a: 1\n\tb: c\n", "f:2:1: ", "a tab in the indentation", ""},
             Row{"a:\n  - b: c\n\t- d: e\n", "f:3:1: ", "a tab", "- d: e"},
             Row{"a:\n  -\tb: c\n  - d: e\n", "f:2:4: ", "a tab behind a '-'", "- b: c"},
             Row{"a:b\nc: d\n", "f:1:2: ", "without a blank", "a: b"},
             Row{"a:\n  -b: c\n   d: e\n", "f:2:3: ", "a list's '-' without a blank", "- b: c"},
             Row{"a:\n  b = c\n  d: 1\n", "f:2:5: ", "a '='", "b: c"},
             Row{"a: host: 80\n", "f:1:8: ", "': ' inside a value", "a: host:80"},
             Row{"a: x: y\n", "f:1:5: ", "': ' inside a value", "a: \"x: y\""},
             Row{"a: \"x\nb: c\n", "f:1:4: ", "not closed", "a: \"x\""},
             Row{"a: 'it's'\n", "f:1:8: ", "behind a closing quote", "a: \"it's\""},
             Row{"a: \"c:\\dir\"\n", "f:1:4: ", "a backslash", "a: 'c:\\dir'"},
             Row{"a: {b: 1 c: 2}\n", "f:1:9: ", "a comma is missing", "a: {b: 1, c: 2}"},
             Row{"a: {b: 1\n", "f:1:4: ", "'{' that is not closed", "a: {b: 1}"},
             Row{"a: [b, {c: d}\n", "f:1:4: ", "'[' that is not closed", "a: [b, {c: d}]"},
             Row{"{a: b}}\n", "f:1:7: ", "behind the closing bracket", "{a: b}"},
             Row{"a: - b\n", "f:1:4: ", "a list's '-'", "a: [b]"},
             Row{"a:\n  b: c\n d: e\n", "f:3:2: ", "fits no line above: it would with 0 or 2", ""},
             Row{"a: \u201cx\u201d\n", "f:1:4: ", "a typographic quote", "a: \"x\""},
             Row{"a:\n\u00a0\u00a0b: c\n", "f:2:1: ", "a no-break space", "b: c"},
         }) {
        CAPTURE(row.text);
        const Said said = read(row.text);
        CAPTURE(said.error);
        CAPTURE(said.hint);
        CHECK(said.error.starts_with(row.place));
        CHECK(said.error.find(row.what) != std::string::npos);
        CHECK(said.error.find('\n') == std::string::npos);
        if (row.should_be.empty()) {
            CHECK(said.hint.empty());
        } else {
            CHECK(said.hint.starts_with(write_as + row.should_be));
        }
    }
}

TEST_CASE("the parser may stop behind the last line") {
    for (const std::string text : {"a: [\n\t", "a: {b: \"\n\t", "\t", "a:\n\t- [", "a: 'x\n\t\n"}) {
        CAPTURE(text);
        const auto diagnosis = diagnose_yaml(text);
        if (!diagnosis) continue;
        CHECK(diagnosis->line <= static_cast<std::size_t>(std::ranges::count(text, '\n')));
    }
}

TEST_CASE("YAML that means what it says is left alone") {
    for (const std::string text : {
             "a: &d {b: c}\ne: *d\n",
             "a: !!str 5\n",
             "a: |\n  *x\n  [::1]:80\n\nc: d\n",
             "a: it's\n",
             "a: x@[::1]:22\n",
             "a: b # [::1]:80 and \u201cquotes\u201d\n",
             "a: \"\u201cx\u201d\"\n",
             "web-1:\n  a.b: c\n",
             "a: [x, y]\nb: {c: d,\n  e: f}\n",
             "---\na: b\n",
             "# only\n",
         }) {
        CAPTURE(text);
        CHECK(read(text).error.empty());
    }
}

TEST_CASE("a ':' without its blank is named where a key or a map is expected") {
    const YamlValue top = YamlValue::from_text("{local:8080, to: x}\n", "f", made_up_environment());
    YamlMap map = top.map();
    (void)map.find("local");
    (void)map.find("to");
    try {
        map.finish();
        FAIL("taken");
    } catch (const Error& error) {
        CHECK(std::string{error.what()}.find("without a blank behind it") != std::string::npos);
        CHECK(error.hint() == write_as + "{local: 8080, to: x}");
    }
    try {
        (void)YamlValue::from_text("a:\n  b:c\n", "f", made_up_environment())
            .map()
            .find("a")
            ->map();
        FAIL("taken");
    } catch (const Error& error) {
        CHECK(error.hint() == write_as + "b: c");
    }
}

TEST_CASE("texts that are long or odd end soon") {
    CHECK(!read(std::string(300'000, '[')).error.empty());
    CHECK(!read("a: " + std::string(100'000, '*')).error.empty());
    std::string many;
    for (int i = 0; i < 2'000; ++i) many += "a: [*:1, @x, {b:c\n";
    CHECK(!read(many).error.empty());
}
