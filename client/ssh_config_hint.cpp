#include "client/ssh_config_hint.hpp"

#include <glob.h>

#include <algorithm>
#include <filesystem>
#include <sstream>
#include <vector>

#include <fmt/format.h>

#include "common/base/characters.hpp"
#include "common/base/error.hpp"
#include "common/base/escape.hpp"
#include "common/base/file.hpp"
#include "common/base/shell_quote.hpp"
#include "common/base/wildcard.hpp"

namespace culvert {
namespace {

namespace fs = std::filesystem;
using Words = std::vector<std::string>;

constexpr std::size_t longest_file = 1 << 20;
constexpr int deepest_include = 16;  ///< ssh's own limit
constexpr int most_files = 256;      ///< files that include each other multiply

/// What a line opens: a block for this host, one that holds for every host, or one for others.
enum class Block { none, ours, everybodys, others };

/// A line of ssh_config(5), in which '=' may stand behind the keyword. Quotes hold no blanks here.
Words words_of(std::string line) {
    std::ranges::replace(line, '=', ' ');
    std::erase(line, '"');
    std::istringstream words{line};
    Words all;
    for (std::string word; words >> word;) all.push_back(std::move(word));
    return all;
}

Words split_at_commas(const std::string& list) {
    std::istringstream patterns{list};
    Words all;
    for (std::string pattern; std::getline(patterns, pattern, ',');) all.push_back(pattern);
    return all;
}

/// `*` alone says something about every host, and so nothing about this one.
Block judge(const Words& patterns, std::string_view host) {
    Block block = Block::others;
    for (const std::string& pattern : patterns) {
        if (pattern.starts_with('!')) {
            if (wildcard_match(pattern.substr(1), host)) return Block::others;
        } else if (pattern.find_first_not_of('*') == std::string::npos) {
            if (block == Block::others) block = Block::everybodys;
        } else if (wildcard_match(pattern, host)) {
            block = Block::ours;
        }
    }
    return block;
}

/// `Host a b`, `Match host a,b user c`, `Match all`; other conditions of Match may hold or not.
Block block_of(const Words& words, std::string_view host) {
    const std::string keyword = lower_case(words.front());
    if (keyword == "host") return judge({words.begin() + 1, words.end()}, host);
    if (keyword != "match") return Block::none;
    for (std::size_t i = 1; i + 1 < words.size(); ++i) {
        const std::string condition = lower_case(words[i]);
        if (condition == "host" || condition == "originalhost") {
            return judge(split_at_commas(words[i + 1]), host);
        }
    }
    return Block::everybodys;
}

/// Empty if it can't be read: it was only for a hint.
std::string text_of(const fs::path& path) {
    try {
        return read_file_if_exists(path, longest_file).value_or("");
    } catch (const Error&) {
        return {};
    }
}

/// Looks for the first block for the host in a file and in those that it includes.
class Search {
public:
    /// `folder` is the user's ~/.ssh, from where relative includes count.
    Search(fs::path folder, std::string_view host) : folder_{std::move(folder)}, host_{host} {}

    std::string in_file(const fs::path& path, int depth) {
        if (++files_ > most_files) return {};
        std::istringstream lines{text_of(path)};
        std::string line;
        bool applies = true;
        for (int number = 1; std::getline(lines, line); ++number) {
            const Words words = words_of(line);
            if (words.empty()) continue;
            const Block block = block_of(words, host_);
            if (block == Block::ours) return hint(words.front(), number, path);
            if (block != Block::none) applies = block == Block::everybodys;
            if (!applies || depth == deepest_include || lower_case(words.front()) != "include") {
                continue;
            }
            std::string found = in_included({words.begin() + 1, words.end()}, depth + 1);
            if (!found.empty()) return found;
        }
        return {};
    }

private:
    std::string in_included(const Words& patterns, int depth) {
        for (const std::string& pattern : patterns) {
            for (const fs::path& file : files_of(pattern)) {
                std::string found = in_file(file, depth);
                if (!found.empty()) return found;
            }
        }
        return {};
    }

    std::vector<fs::path> files_of(const std::string& pattern) const {
        const bool in_home = pattern.starts_with("~/");
        const fs::path whole =
            in_home ? folder_.parent_path() / pattern.substr(2) : folder_ / pattern;
        glob_t found{};
        std::vector<fs::path> files;
        // What isn't thread safe in it is GLOB_TILDE.
        if (::glob(whole.c_str(), 0, nullptr, &found) == 0) {  // NOLINT(concurrency-mt-unsafe)
            files.assign(found.gl_pathv, found.gl_pathv + found.gl_pathc);
        }
        ::globfree(&found);
        return files;
    }

    std::string hint(const std::string& keyword, int line, const fs::path& path) const {
        const fs::path below = path.lexically_relative(folder_);
        const bool is_below = !below.empty() && *below.begin() != "..";
        return fmt::format(
            "line {} of {} begins a {} block for {}, and culvert does not read that file: give its "
            "HostName, User and Port here",
            line,
            is_below ? "~/" + shell_quoted((fs::path{".ssh"} / below).string())
                     : shell_quoted(path.string()),
            lower_case(keyword) == "host" ? "Host" : "Match", escaped(host_, 64));
    }

    fs::path folder_;
    std::string_view host_;
    int files_ = 0;
};

}  // namespace

std::string ssh_config_hint(const std::string& path, std::string_view host) {
    return Search{fs::path{path}.parent_path(), host}.in_file(path, 0);
}

}  // namespace culvert
