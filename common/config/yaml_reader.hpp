#pragma once

#include <chrono>
#include <concepts>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <yaml-cpp/yaml.h>

#include "common/base/error.hpp"
#include "common/base/file.hpp"
#include "common/config/environment.hpp"

namespace culvert {

class YamlMap;

/// A configuration file as a tree that is read strictly. Every error is Error{config} with the
/// text "FILE:LINE:COLUMN: PATH.OF.THE.KEY: ...", lines and columns from 1. A file is at most
/// 1 MiB, and reading it visits at most 100,000 values: aliases that multiply end there.
///
/// A reader is a table of the keys it knows:
///
///     YamlMap map = value.map();
///     map.required("server", tunnel.server, read_server);
///     map.optional("keepalive", tunnel.keepalive);
///     map.finish();                                 // any other key is an error
class YamlValue {
public:
    /// The text of a file of at most `limit` bytes.
    using ReadFile = std::function<std::string(const std::string& path, std::size_t limit)>;

    /// Throws Error{config}, for a file that can't be read too. `read` is also for the files that
    /// this one includes.
    static YamlValue from_file(const std::string& path, const Environment& environment,
                               const ReadFile& read = read_file);
    static YamlValue from_text(const std::string& text, const std::string& file_name,
                               const Environment& environment);

    bool is_scalar() const { return node_.IsScalar(); }
    /// A map; the file's top may also be empty, which is a map without keys.
    YamlMap map() const;
    std::vector<YamlValue> list() const;
    /// A list's elements, or the value itself: for keys that take one or many.
    std::vector<YamlValue> one_or_list() const;

    /// The files that an `include` names, one or a list: a file, or all *.yaml of a folder by name.
    /// A path that isn't absolute counts from this file's folder.
    std::vector<YamlValue> included_files() const;

    /// A scalar as it is written; never empty.
    std::string text() const;
    /// `true` or `false`, and YAML 1.1's yes, no, on and off.
    bool boolean() const;
    std::uint64_t integer(std::uint64_t lowest, std::uint64_t highest) const;
    /// "15s", see duration.hpp.
    std::chrono::milliseconds duration() const;
    /// Text with `~` and ${NAME} replaced; the shell's $NAME and ssh's %d, which aren't, are
    /// errors.
    std::string path() const;
    /// One path or a list of them.
    std::vector<std::string> paths() const;

    /// text() given to `parse`; what that throws gets the place before it.
    template <class Parse>
    auto parsed(Parse&& parse) const {
        const std::string written = text();
        try {
            return std::forward<Parse>(parse)(std::string_view{written});
        } catch (const Error& error) {
            fail(error.what(), error.hint());
        }
    }

    /// Throws Error{config} with this value's place.
    [[noreturn]] void fail(std::string_view why, std::string_view hint = {}) const;

private:
    friend class YamlMap;
    struct Document;

    YamlValue(std::shared_ptr<Document> document, const YAML::Node& node, YAML::Mark mark,
              std::string path)
        : document_{std::move(document)}, node_{node}, mark_{mark}, path_{std::move(path)} {}

    [[noreturn]] void fail_type(std::string_view wanted) const;
    /// The same as fail(), with a slip in this line as the reason where there is one.
    [[noreturn]] void fail_in_line(std::string_view why) const;

    std::shared_ptr<Document> document_;
    YAML::Node node_;
    YAML::Mark mark_;
    std::string path_;  ///< "tunnels.mail.forwards[0]"; empty at the top
};

/// A map being read. Each key is asked for once; finish() refuses the keys nobody asked for.
class YamlMap {
public:
    /// Reads the key into `field` if it is there: by its type, or with `read(const YamlValue&)`.
    template <class Field>
    bool optional(std::string_view key, Field& field) {
        return optional(key, field, [](const YamlValue& value) { return read_as<Field>(value); });
    }
    template <class Field, class Read>
    bool optional(std::string_view key, Field& field, Read&& read) {
        const YamlValue* const value = find(key);
        if (value != nullptr) field = std::invoke(std::forward<Read>(read), *value);
        return value != nullptr;
    }
    /// The same for a key that has to be there; finish() throws if it isn't.
    template <class Field, class Read>
    void required(std::string_view key, Field& field, Read&& read) {
        if (!optional(key, field, std::forward<Read>(read))) missing_.emplace_back(key);
    }

    /// For a map whose keys are names that the user chose: every key with its value.
    std::vector<std::pair<std::string, YamlValue>> entries();

    /// The value of a key, if it is there; the key is known from now on.
    const YamlValue* find(std::string_view key);

    /// Throws Error{config} at the first key that nobody asked for, with the nearest known one; or
    /// for a required key that isn't there: it may be there misspelt, so this is said last.
    void finish() const;

private:
    friend class YamlValue;
    explicit YamlMap(const YamlValue& owner);

    struct Entry {
        std::string key;
        YAML::Mark key_mark;
        YamlValue value;
        bool known = false;
    };

    template <class Field>
    static Field read_as(const YamlValue& value) {
        if constexpr (std::same_as<Field, bool>) {
            return value.boolean();
        } else if constexpr (std::unsigned_integral<Field>) {
            return static_cast<Field>(value.integer(0, std::numeric_limits<Field>::max()));
        } else if constexpr (std::same_as<Field, std::chrono::milliseconds>) {
            return value.duration();
        } else {
            return Field{value.text()};
        }
    }

    YamlValue owner_;
    std::vector<Entry> entries_;
    std::vector<std::string> known_;
    std::vector<std::string> missing_;
};

}  // namespace culvert
