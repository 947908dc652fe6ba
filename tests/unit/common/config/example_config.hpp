#pragma once

#include <filesystem>
#include <fstream>
#include <string>

namespace culvert {

/// A file of config/, as it is, and with its commented settings on: lines that begin with # and no
/// blank, and those indented below, where prose has one blank behind its #.
struct ExampleConfig {
    std::string text;
    std::string with_settings_on;

    explicit ExampleConfig(const std::filesystem::path& path) {
        std::ifstream file{path};
        for (std::string line; std::getline(file, line);) {
            text += line + "\n";
            const bool setting = line.starts_with("#") && line.size() > 2 &&
                                 (line[1] != ' ' || line[2] == ' ') && is_key(line.substr(1));
            with_settings_on += (setting ? line.substr(1) : line) + "\n";
        }
    }

    bool names(const std::string& key) const {
        return text.find("#" + key + ":") != std::string::npos ||
               text.find(" " + key + ":") != std::string::npos ||
               text.find("\n" + key + ":") != std::string::npos;
    }

private:
    static bool is_key(const std::string& line) {
        const std::size_t start = line.find_first_not_of(' ');
        const std::size_t end = line.find(':');
        return start != std::string::npos && end != std::string::npos && start < end &&
               line.find_first_not_of("abcdefghijklmnopqrstuvwxyz_", start) == end;
    }
};

}  // namespace culvert
