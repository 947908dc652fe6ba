#pragma once

#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

namespace culvert {

/// A new folder for one test, gone with all that is in it at the end.
class TemporaryFolder {
public:
    TemporaryFolder() {
        std::string name =
            (std::filesystem::temp_directory_path() / "culvert-test.XXXXXX").string();
        if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error{"mkdtemp"};
        path_ = name;
    }
    TemporaryFolder(const TemporaryFolder&) = delete;
    TemporaryFolder& operator=(const TemporaryFolder&) = delete;
    ~TemporaryFolder() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }

    std::string path(const std::string& name = "") const {
        return name.empty() ? path_ : path_ + "/" + name;
    }
    std::string write(const std::string& name, const std::string& text) const {
        std::ofstream{path(name), std::ios::binary} << text;
        std::filesystem::permissions(path(name), std::filesystem::perms{0600});
        return path(name);
    }
    std::string read(const std::string& name) const {
        std::ostringstream text;
        text << std::ifstream{path(name), std::ios::binary}.rdbuf();
        return text.str();
    }
    unsigned mode(const std::string& name) const {
        return static_cast<unsigned>(std::filesystem::status(path(name)).permissions());
    }
    std::size_t number_of_files() const {
        const std::filesystem::directory_iterator files{path_};
        return static_cast<std::size_t>(std::distance(begin(files), end(files)));
    }

private:
    std::string path_;
};

}  // namespace culvert
