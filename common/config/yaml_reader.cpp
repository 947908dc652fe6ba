#include "common/config/yaml_reader.hpp"

#include <algorithm>
#include <filesystem>
#include <map>
#include <sstream>

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/parser.h>

#include "common/base/escape.hpp"
#include "common/base/file.hpp"
#include "common/base/nearest.hpp"
#include "common/base/number.hpp"
#include "common/base/shell_quote.hpp"
#include "common/base/utf8.hpp"
#include "common/config/duration.hpp"
#include "common/config/yaml_diagnosis.hpp"

namespace culvert {
namespace {

constexpr std::size_t longest_file = 1 << 20;
constexpr std::size_t most_values = 100'000;
constexpr std::size_t most_included_files = 1'000;
/// In characters. No key of ours is half as deep: only an alias to what it is in gets there.
constexpr std::size_t longest_key_path = 256;

std::string place(const std::string& file, const YAML::Mark& mark) {
    // A null mark is -1 in both, where yaml-cpp doesn't know.
    return fmt::format("{}:{}:{}", shell_quoted(file), std::max(mark.line, 0) + 1,
                       std::max(mark.column, 0) + 1);
}

std::string_view type_name(const YAML::Node& node) {
    switch (node.Type()) {
        case YAML::NodeType::Map:
            return "a map";
        case YAML::NodeType::Sequence:
            return "a list";
        case YAML::NodeType::Scalar:
            return "a single value";
        default:
            return "nothing";
    }
}

/// Where the documents of a stream begin; what is in them is nobody's here.
class DocumentStarts : public YAML::EventHandler {
public:
    const std::vector<YAML::Mark>& marks() const noexcept { return marks_; }

    void OnDocumentStart(const YAML::Mark& mark) override { marks_.push_back(mark); }
    void OnDocumentEnd() override {}
    void OnNull(const YAML::Mark&, YAML::anchor_t) override {}
    void OnAlias(const YAML::Mark&, YAML::anchor_t) override {}
    void OnScalar(const YAML::Mark&, const std::string&, YAML::anchor_t,
                  const std::string&) override {}
    void OnSequenceStart(const YAML::Mark&, const std::string&, YAML::anchor_t,
                         YAML::EmitterStyle::value) override {}
    void OnSequenceEnd() override {}
    void OnMapStart(const YAML::Mark&, const std::string&, YAML::anchor_t,
                    YAML::EmitterStyle::value) override {}
    void OnMapEnd() override {}

private:
    std::vector<YAML::Mark> marks_;
};

/// Throws Error{config} unless there is one document, or none. Two steps are enough to know, and no
/// more may be taken: yaml-cpp 0.7 finds empty documents for ever in front of a stray comma.
void expect_one_document(const std::string& text, const std::string& file) {
    std::istringstream stream{text};
    YAML::Parser parser{stream};
    DocumentStarts starts;
    if (!parser.HandleNextDocument(starts) || !parser.HandleNextDocument(starts)) return;
    const YAML::Mark& second = starts.marks().back();
    // It counts characters, which in a text that isn't UTF-8 leads past the end.
    const std::size_t position = std::min(static_cast<std::size_t>(second.pos), text.size());
    const bool is_marked = text.compare(position, 3, "---") == 0;
    throw Error{ErrorKind::config,
                fmt::format("{}: {}", place(file, second),
                            is_marked ? "a second document ('---'), which would be ignored"
                                      : "not valid YAML: it belongs to nothing before it")};
}

std::string correction(const YamlDiagnosis& found) {
    if (found.should_be.empty()) return {};
    // What is to be pasted isn't escaped, unless it would harm a terminal.
    for (std::string_view rest = found.should_be; !rest.empty();) {
        const bool is_shown = rest.front() >= ' ' && rest.front() <= '~';
        const std::size_t length = is_shown ? 1 : shown_utf8_length(rest);
        if (length == 0) return "write the line as: " + escaped(found.should_be);
        rest.remove_prefix(length);
    }
    return "write the line as: " + found.should_be;
}

[[noreturn]] void fail(const std::string& file, const YamlDiagnosis& found) {
    throw Error{ErrorKind::config,
                fmt::format("{}:{}:{}: {}", shell_quoted(file), found.line + 1, found.column + 1,
                            escaped(found.what)),
                Hint{correction(found)}};
}

/// What yaml-cpp says in its parser's terms.
std::string_view plain_words(std::string_view message) {
    if (message.starts_with("end of map") || message.starts_with("end of sequence")) {
        return "something here belongs to no key above it, or a bracket is not closed";
    }
    if (message == "illegal map value") return "a key with ':' where no key is allowed";
    return message;
}

/// Throws Error{config} for what others would replace, and what would name a strange file here.
void refuse_unreplaced(std::string_view path) {
    constexpr std::string_view letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_";
    constexpr std::string_view ssh_tokens = "CLdhiklnpru";
    const auto fail = [&](const std::string& why, std::string hint) {
        throw Error{ErrorKind::config, fmt::format("{}: {}", escaped(path), why),
                    Hint{std::move(hint)}};
    };
    for (std::size_t i = 0; i + 1 < path.size(); ++i) {
        const std::string_view next = path.substr(i + 1);
        if (path[i] == '$' && letters.find(next.front()) != std::string_view::npos) {
            const auto name = escaped(
                next.substr(0, next.find_first_not_of(std::string{letters} + "0123456789")), 64);
            fail(fmt::format("${} is not replaced", name), fmt::format("write ${{{}}}", name));
        }
        if (path[i] == '%' && ssh_tokens.find(next.front()) != std::string_view::npos) {
            fail(fmt::format("ssh's %{} is not replaced", next.front()),
                 "write ~, ${NAME} or the whole path");
        }
    }
}

}  // namespace

struct YamlValue::Document {
    std::string name;
    std::string text;
    Environment environment;
    ReadFile read = read_file;
    std::size_t values_visited = 0;
};

YamlValue YamlValue::from_file(const std::string& path, const Environment& environment,
                               const ReadFile& read) {
    YamlValue top = from_text(read(path, longest_file), path, environment);
    top.document_->read = read;
    return top;
}

YamlValue YamlValue::from_text(const std::string& text, const std::string& file_name,
                               const Environment& environment) {
    auto document = std::make_shared<Document>(Document{file_name, text, environment});
    const std::string trimmed = text.substr(0, text.find_last_not_of(" \t\r\n") + 1);
    try {
        // yaml-cpp 0.7 takes a quote without its end for closed where the text ends in a newline.
        if (text.find('\0') != std::string::npos) {
            throw Error{ErrorKind::config,
                        fmt::format("{}: has zero bytes in it", shell_quoted(file_name)),
                        Hint{"save the file as UTF-8 text"}};
        }
        expect_one_document(trimmed, file_name);
        const YAML::Node top = YAML::Load(trimmed);
        if (const auto unmeant = find_unmeant_yaml(trimmed)) culvert::fail(file_name, *unmeant);
        const YAML::Mark mark = top.Mark();
        return YamlValue{std::move(document), top, mark, ""};
    } catch (const YAML::Exception& error) {
        if (const auto found = diagnose_yaml(trimmed)) culvert::fail(file_name, *found);
        throw Error{ErrorKind::config,
                    fmt::format("{}: not valid YAML: {}", place(file_name, error.mark),
                                escaped(plain_words(error.msg)))};
    }
}

void YamlValue::fail(std::string_view why, std::string_view hint) const {
    throw Error{ErrorKind::config,
                fmt::format("{}: {}{}{}", place(document_->name, mark_), path_,
                            path_.empty() ? "" : ": ", why),
                Hint{std::string{hint}}};
}

void YamlValue::fail_in_line(std::string_view why) const {
    const auto slip =
        diagnose_yaml_line(document_->text, static_cast<std::size_t>(std::max(mark_.line, 0)));
    if (!slip) fail(why);
    fail(fmt::format("{}: {}", why, slip->what), correction(*slip));
}

void YamlValue::fail_type(std::string_view wanted) const {
    if (node_.IsNull()) fail(fmt::format("has no value, where {} is expected", wanted));
    if (node_.IsScalar()) {
        fail_in_line(fmt::format("'{}' is not {}", escaped(node_.Scalar(), 64), wanted));
    }
    const std::string why = fmt::format("{}, where {} is expected", type_name(node_), wanted);
    const bool is_one = node_.IsSequence() && node_.size() == 1 && node_[0].IsScalar();
    if (!is_one || node_[0].Scalar().find(':') == std::string::npos) fail(why);
    // [::1] is a list to YAML.
    fail(why, fmt::format("an IPv6 address goes in quotes: \"[{}]\"", escaped(node_[0].Scalar())));
}

YamlMap YamlValue::map() const {
    const bool empty_file = path_.empty() && node_.IsNull();
    if (!node_.IsMap() && !empty_file) fail_type("a map");
    return YamlMap{*this};
}

std::vector<YamlValue> YamlValue::list() const {
    if (!node_.IsSequence()) fail_type("a list");
    if (path_.size() > longest_key_path) fail("nested too deeply");
    std::vector<YamlValue> elements;
    for (const auto& element : node_) {
        if (++document_->values_visited > most_values) fail("too many values");
        elements.push_back(YamlValue{document_, element, element.Mark(),
                                     fmt::format("{}[{}]", path_, elements.size())});
    }
    return elements;
}

std::vector<YamlValue> YamlValue::one_or_list() const {
    if (node_.IsScalar()) return {*this};
    if (!node_.IsSequence()) fail_type("a value or a list of them");
    return list();
}

std::string YamlValue::text() const {
    if (!node_.IsScalar()) fail_type("a single value");
    if (node_.Scalar().empty()) fail("is empty");
    return node_.Scalar();
}

bool YamlValue::boolean() const {
    bool value = false;
    if (!node_.IsScalar() || !YAML::convert<bool>::decode(node_, value)) {
        fail_type("true or false");
    }
    return value;
}

std::uint64_t YamlValue::integer(std::uint64_t lowest, std::uint64_t highest) const {
    const auto wanted = [&] {
        if (highest >= std::uint64_t{1} << 32) return fmt::format("a number from {} on", lowest);
        return fmt::format("a number from {} to {}", lowest, highest);
    };
    if (!node_.IsScalar()) fail_type(wanted());
    const auto value = parse_number<std::uint64_t>(node_.Scalar());
    if (!value || *value < lowest || *value > highest) fail_type(wanted());
    return *value;
}

std::chrono::milliseconds YamlValue::duration() const {
    constexpr std::string_view wanted = "a duration with its unit, as in 500ms, 15s, 2m or 1h";
    if (!node_.IsScalar()) fail_type(wanted);
    const auto value = parse_duration(node_.Scalar());
    if (!value) fail_type(wanted);
    return *value;
}

std::string YamlValue::path() const {
    return parsed([&](std::string_view written) {
        refuse_unreplaced(written);
        return expand_path(written, document_->environment);
    });
}

std::vector<std::string> YamlValue::paths() const {
    std::vector<std::string> all;
    for (const YamlValue& element : one_or_list()) all.push_back(element.path());
    return all;
}

std::vector<YamlValue> YamlValue::included_files() const {
    namespace fs = std::filesystem;
    std::vector<YamlValue> all;
    for (const YamlValue& element : one_or_list()) {
        const fs::path named = fs::path{document_->name}.parent_path() / element.path();
        std::vector<std::string> files;
        std::error_code failure;
        if (fs::is_directory(named, failure)) {
            for (const auto& entry : fs::directory_iterator{named, failure}) {
                if (entry.path().extension() == ".yaml") files.push_back(entry.path().string());
            }
            std::ranges::sort(files);
        } else {
            files.push_back(named.string());
        }
        if (failure) {
            element.fail(
                fmt::format("{}: {}", shell_quoted(named.string()), reason_of(failure.value())));
        }
        for (const std::string& file : files) {
            if (all.size() == most_included_files) element.fail("too many files");
            all.push_back(from_file(file, document_->environment, document_->read));
        }
    }
    return all;
}

YamlMap::YamlMap(const YamlValue& owner) : owner_{owner} {
    std::map<std::string, int> line_of;
    for (const auto& pair : owner.node_) {
        const YAML::Node& key = pair.first;
        const std::string before = owner.path_.empty() ? "" : owner.path_ + ".";
        const YamlValue at_key{owner.document_, key, key.Mark(), owner.path_};
        if (++owner.document_->values_visited > most_values) at_key.fail("too many values");
        if (!key.IsScalar()) at_key.fail(fmt::format("{} as a key", type_name(key)));
        const std::string& name = key.Scalar();
        // yaml-cpp keeps both of two equal keys, and a lookup finds the first.
        const auto [earlier, first] = line_of.emplace(name, key.Mark().line + 1);
        if (!first) {
            at_key.fail(fmt::format("the key '{}' is given twice (first in line {})",
                                    escaped(name, 64), earlier->second));
        }
        const YAML::Mark mark = pair.second.IsNull() ? key.Mark() : pair.second.Mark();
        entries_.push_back(
            Entry{name, key.Mark(),
                  YamlValue{owner.document_, pair.second, mark, before + escaped(name, 64)}});
    }
}

const YamlValue* YamlMap::find(std::string_view key) {
    known_.emplace_back(key);
    const auto found = std::ranges::find(entries_, key, &Entry::key);
    if (found == entries_.end()) return nullptr;
    found->known = true;
    return &found->value;
}

std::vector<std::pair<std::string, YamlValue>> YamlMap::entries() {
    std::vector<std::pair<std::string, YamlValue>> all;
    for (Entry& entry : entries_) {
        entry.known = true;
        all.emplace_back(entry.key, entry.value);
    }
    return all;
}

void YamlMap::finish() const {
    const auto unknown = std::ranges::find(entries_, false, &Entry::known);
    if (unknown == entries_.end()) {
        if (!missing_.empty()) owner_.fail(fmt::format("'{}' is missing", missing_.front()));
        return;
    }
    const std::vector<std::string_view> known{known_.begin(), known_.end()};
    std::string hint = did_you_mean(unknown->key, known);
    if (hint.empty()) hint = fmt::format("; known here: {}", fmt::join(known, ", "));
    YamlValue at_key = owner_;
    at_key.mark_ = unknown->key_mark;
    at_key.fail_in_line(fmt::format("unknown key '{}'{}", escaped(unknown->key, 64), hint));
}

}  // namespace culvert
