#include "client/keygen.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <iostream>
#include <system_error>

#include <fmt/format.h>

#include "common/base/error.hpp"
#include "common/base/escape.hpp"
#include "common/base/file.hpp"
#include "common/base/shell_quote.hpp"
#include "common/base/standard_output.hpp"
#include "common/crypto/random.hpp"
#include "common/keys/fingerprint.hpp"
#include "common/keys/key_file.hpp"
#include "common/keys/private_key.hpp"

namespace culvert {
namespace {

bool exists(const std::string& path) {
    struct stat status {};
    return ::lstat(path.c_str(), &status) == 0;
}

/// ssh-keygen too takes anything but y and yes for no.
bool may_replace(const std::string& file, const KeygenTerminal& terminal) {
    const auto answer =
        terminal.ask(fmt::format("{} already exists.\nOverwrite (y/n)? ", shell_quoted(file)));
    if (!answer) {
        throw Error{ErrorKind::config,
                    fmt::format("{} already exists, and there is no terminal to ask on whether to "
                                "overwrite it",
                                shell_quoted(file)),
                    Hint{"remove the file, or choose another one with -f"}};
    }
    return *answer == "y" || *answer == "Y" || *answer == "yes";
}

/// Only a missing ~/.ssh is made, as ssh-keygen does; any other missing folder is rather a typo.
void make_ssh_folder(const std::string& file, const KeygenTerminal& terminal) {
    const std::string folder = file.substr(0, file.find_last_of('/') + 1);
    if (!folder.ends_with("/.ssh/") || exists(folder)) return;
    if (::mkdir(folder.c_str(), 0700) != 0) {
        throw Error{ErrorKind::config,
                    fmt::format("{}: can't be made: {}", shell_quoted(folder), reason_of(errno))};
    }
    terminal.print(
        fmt::format("Created directory {}.\n", shell_quoted(folder.substr(0, folder.size() - 1))));
}

}  // namespace

bool generate_key_pair(const KeygenSettings& settings, Random& random,
                       const KeygenTerminal& terminal) {
    const auto say = [&](const std::string& text) {
        if (!settings.quiet) terminal.print(text);
    };
    say("Generating public/private ed25519 key pair.\n");
    const std::string public_file = settings.file + ".pub";
    ExistingKey existing = ExistingKey::keep;
    for (const std::string& file : {settings.file, public_file}) {
        if (existing == ExistingKey::replace || !exists(file)) continue;
        if (!may_replace(file, terminal)) return false;
        existing = ExistingKey::replace;
    }
    make_ssh_folder(settings.file, {terminal.ask, say});

    const PrivateKey key = PrivateKey::generate(random, settings.comment);
    write_key_pair(settings.file, key, random, existing);
    say(
        fmt::format("Your identification has been saved in {}\n"
                    "Your public key has been saved in {}\n"
                    "The key fingerprint is:\n{} {}\n",
                    shell_quoted(settings.file), shell_quoted(public_file),
                    fingerprint(key.public_key()), escaped(settings.comment)));
    return true;
}

KeygenTerminal keygen_terminal_of_process() {
    KeygenTerminal terminal;
    terminal.ask = [](const std::string& question) -> std::optional<std::string> {
        if (::isatty(STDIN_FILENO) == 0) return std::nullopt;
        print(question);
        std::string answer;
        if (!std::getline(std::cin, answer)) return std::nullopt;
        return answer;
    };
    terminal.print = [](const std::string& text) { print(text); };
    return terminal;
}

}  // namespace culvert
