#include "client/host_key_check.hpp"

#include <algorithm>
#include <span>

#include <fmt/format.h>

#include "client/tunnel_log.hpp"
#include "common/auth/known_hosts_file.hpp"
#include "common/base/characters.hpp"
#include "common/base/error.hpp"
#include "common/base/escape.hpp"
#include "common/base/shell_quote.hpp"
#include "common/keys/fingerprint.hpp"

namespace culvert {
namespace {

/// The name and port under which known_hosts has the server: an alias stands for both.
Endpoint known_as(const TunnelSettings& settings) {
    if (settings.host_key_alias.empty()) return settings.server;
    return {settings.host_key_alias, ssh_port};
}

std::string described(const PublicKey& key) {
    return fmt::format("{} {}", escaped(key.algorithm(), 64), fingerprint(key));
}

Error refused(const std::string& text, std::string hint = {}) {
    return Error{ErrorKind::host_key, text, Hint{std::move(hint)}};
}

std::string user_file(const TunnelSettings& settings) {
    return settings.user_known_hosts.empty() ? std::string{} : settings.user_known_hosts.front();
}

/// Has a new key a file to go to?
bool is_kept(const TunnelSettings& settings) {
    const std::string file = user_file(settings);
    return !file.empty() && file != "/dev/null";
}

std::vector<KnownHostsFile> read_all(const TunnelSettings& settings) {
    std::vector<KnownHostsFile> files;
    for (const auto* const paths : {&settings.user_known_hosts, &settings.global_known_hosts}) {
        for (const std::string& path : *paths) files.push_back(read_known_hosts(path));
    }
    return files;
}

/// The lines that were skipped: one of them may be the host's.
void log_remarks(const TunnelLog& log, std::span<const KnownHostsFile> files, LogLevel level) {
    for (const KnownHostsFile& file : files) {
        for (const std::string& warning : file.warnings) log.at(level, "{}", warning);
    }
}

void check_pin(const std::string& pin, const PublicKey& key) {
    if (fingerprint(key) == pin) return;
    throw refused(
        fmt::format("host key refused: host_key pins {}, the server sent {}", pin, described(key)),
        "if the server's key was changed on purpose, set host_key to the new fingerprint");
}

[[noreturn]] void refuse_changed(const TunnelSettings& settings, const PublicKey& key,
                                 const KnownHostAnswer& answer) {
    const Endpoint host = known_as(settings);
    const bool by_other_name = answer.name != known_host_name(host.host, host.port);
    throw refused(
        fmt::format("host key changed: {}:{} has {}{}, the server sent {}; somebody may be "
                    "listening in, unless the key was changed on purpose",
                    shell_quoted(answer.file), answer.line, described(*answer.known),
                    by_other_name ? fmt::format(" for {}", escaped(answer.name)) : "",
                    described(key)),
        fmt::format("ssh-keygen -f {} -R {}", shell_quoted(answer.file),
                    shell_quoted(answer.name)));
}

/// What adds this very key; ssh-keyscan might be sent another one. Nothing without a file for it.
std::string adding_command(const TunnelSettings& settings, const PublicKey& key) {
    if (!is_kept(settings)) return {};
    const Endpoint host = known_as(settings);
    const std::string line =
        fmt::format("{} {}", known_host_name(host.host, host.port), key.to_text());
    return fmt::format("echo {} >> {}", shell_quoted(line), shell_quoted(user_file(settings)));
}

constexpr std::string_view comparing =
    "compare the fingerprint with the server's (ssh-keygen -lf "
    "/etc/ssh/ssh_host_ed25519_key.pub there)";

[[noreturn]] void refuse_other_type(const TunnelSettings& settings, const PublicKey& key,
                                    const KnownHostAnswer& answer) {
    std::string command = adding_command(settings, key);
    throw refused(
        fmt::format(
            "host key of another type: {}:{} has {}, the server sent {}; {}, then {}",
            shell_quoted(answer.file), answer.line, described(*answer.known), described(key),
            comparing,
            command.empty() ? "name a file for it with -o UserKnownHostsFile=FILE" : "add the key"),
        std::move(command));
}

[[noreturn]] void refuse_unknown(const TunnelSettings& settings, const PublicKey& key,
                                 std::string_view why) {
    std::string command = adding_command(settings, key);
    throw refused(
        fmt::format("host key unknown: the server sent {}; {}: {}, then {}accept it once with -o "
                    "StrictHostKeyChecking=accept-new (in culvert.yaml: host_key: {})",
                    described(key), why, comparing, command.empty() ? "" : "add the key, or ",
                    fingerprint(key)),
        std::move(command));
}

void accept(const TunnelSettings& settings, const PublicKey& key, Random& random) {
    const std::string file = user_file(settings);
    const TunnelLog log{settings};
    if (!is_kept(settings)) {
        log.info(
            "the host key {} is accepted and not saved: {}", described(key),
            file.empty() ? "no known_hosts file is named" : "the known_hosts file is /dev/null");
        return;
    }
    const Endpoint host = known_as(settings);
    try {
        add_known_host(file, host.host, host.port, key,
                       settings.hash_known_hosts ? HashNames::yes : HashNames::as_the_file_does,
                       random);
    } catch (const Error& error) {
        // It is accepted all the same, as by ssh; it will only be unknown again the next time.
        log.error("the host key of {}, {}, can't be saved: {}",
                  known_host_name(host.host, host.port), described(key), error.what());
        return;
    }
    log.info("added the host key of {} to {}: {}", known_host_name(host.host, host.port),
             shell_quoted(file), described(key));
}

std::string trimmed(const std::string& text) {
    constexpr std::string_view blanks = " \t\r";
    const std::size_t start = std::min(text.find_first_not_of(blanks), text.size());
    return text.substr(start, text.find_last_not_of(blanks) + 1 - start);
}

/// Throws Error{host_key} unless the user takes the key.
awaitable<void> expect_acceptance(const TunnelSettings& settings, const PublicKey& key,
                                  const AskUser& ask) {
    const Endpoint host = known_as(settings);
    std::string question = fmt::format(
        "The server {} is not known. Its host key is\n  {}\nConnect{} "
        "(yes/no/the fingerprint)? ",
        known_host_name(host.host, host.port), described(key),
        is_kept(settings) ? " and save the key" : "");
    for (;;) {
        const UserAnswer given = co_await ask(question);
        if (const NoAnswer* const none = std::get_if<NoAnswer>(&given)) {
            refuse_unknown(settings, key,
                           *none == NoAnswer::no_terminal
                               ? "there is no terminal to ask on"
                               : "the terminal was closed before an answer");
        }
        const std::string answer = trimmed(std::get<std::string>(given));
        const std::string word = lower_case(answer);
        if (word == "yes" || answer == fingerprint(key)) co_return;
        if (word == "no") throw refused("host key not accepted");
        if (answer.starts_with("SHA256:")) {
            throw refused(fmt::format("host key not accepted: the server sent {}, you typed {}",
                                      described(key), escaped(answer, 64)));
        }
        question = "Please type 'yes', 'no' or the fingerprint: ";
    }
}

}  // namespace

awaitable<void> check_host_key(const TunnelSettings& settings, const PublicKey& key,
                               const AskUser& ask, Random& random,
                               std::optional<PublicKey>& accepted) {
    if (settings.host_key_pin) {
        check_pin(*settings.host_key_pin, key);
        co_return;
    }
    const Endpoint host = known_as(settings);
    const std::vector<KnownHostsFile> files = read_all(settings);
    const OtherNames others =
        settings.host_key_alias.empty() ? OtherNames::count : OtherNames::ignored;
    const KnownHostAnswer answer = look_up_known_host(files, host.host, host.port, key, others);
    const bool is_news = answer.state == KnownHostState::unknown && key != accepted;
    log_remarks(TunnelLog{settings}, files, is_news ? LogLevel::info : LogLevel::verbose);
    switch (answer.state) {
        case KnownHostState::match:
            co_return;
        case KnownHostState::revoked:
            throw refused(fmt::format("host key revoked: {}:{} says that {} must not be trusted",
                                      answer.file, answer.line, described(key)));
        case KnownHostState::changed:
            refuse_changed(settings, key, answer);
        case KnownHostState::other_type:
            refuse_other_type(settings, key, answer);
        case KnownHostState::unknown:
            break;
    }
    if (key == accepted) co_return;
    switch (settings.strict_host_key_checking) {
        case StrictHostKeyChecking::yes:
            refuse_unknown(settings, key, "StrictHostKeyChecking is yes");
        case StrictHostKeyChecking::ask:
            if (settings.batch_mode) refuse_unknown(settings, key, "BatchMode is yes");
            co_await expect_acceptance(settings, key, ask);
            break;
        case StrictHostKeyChecking::accept_new:
        case StrictHostKeyChecking::no:
            break;
    }
    accept(settings, key, random);
    accepted = key;
}

}  // namespace culvert
