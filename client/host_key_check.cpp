#include "client/host_key_check.hpp"

#include <fmt/format.h>

#include "common/auth/known_hosts_file.hpp"
#include "common/base/error.hpp"
#include "common/base/escape.hpp"
#include "common/keys/fingerprint.hpp"
#include "common/log/log.hpp"

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

Error refused(const std::string& text) { return Error{ErrorKind::host_key, text}; }

std::string user_file(const TunnelSettings& settings) {
    return settings.user_known_hosts.empty() ? std::string{} : settings.user_known_hosts.front();
}

std::vector<KnownHostsFile> read_all(const TunnelSettings& settings) {
    std::vector<KnownHostsFile> files;
    for (const auto* const paths : {&settings.user_known_hosts, &settings.global_known_hosts}) {
        for (const std::string& path : *paths) {
            files.push_back(read_known_hosts(path));
            for (const std::string& remark : files.back().remarks) log_verbose("{}", remark);
        }
    }
    return files;
}

void check_pin(const std::string& pin, const PublicKey& key) {
    if (fingerprint(key) == pin) return;
    throw refused(fmt::format(
        "host key refused: host_key pins {}, the server sent {}; if its key was changed on "
        "purpose, write the new fingerprint there",
        pin, described(key)));
}

[[noreturn]] void refuse_changed(const TunnelSettings& settings, const PublicKey& key,
                                 const KnownHostAnswer& answer) {
    const Endpoint host = known_as(settings);
    throw refused(fmt::format(
        "host key changed: {}:{} has {}, the server sent {}; somebody may be listening in, or the "
        "key was changed on purpose: then run ssh-keygen -f {} -R '{}' and connect again",
        answer.file, answer.line, described(*answer.known), described(key), answer.file,
        known_host_name(host.host, host.port)));
}

[[noreturn]] void refuse_other_type(const PublicKey& key, const KnownHostAnswer& answer) {
    throw refused(fmt::format(
        "host key of another type: {}:{} has {}, the server sent {}; compare the new one with the "
        "server's (ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub there) and add it with "
        "ssh-keyscan",
        answer.file, answer.line, described(*answer.known), described(key)));
}

[[noreturn]] void refuse_unknown(const PublicKey& key, std::string_view why) {
    throw refused(fmt::format(
        "host key unknown: the server sent {}; {}: compare the fingerprint with the server's, then "
        "accept it once with -o StrictHostKeyChecking=accept-new (in culvert.yaml: host_key: {})",
        described(key), why, fingerprint(key)));
}

void accept(const TunnelSettings& settings, const PublicKey& key, Random& random) {
    const std::string file = user_file(settings);
    if (file.empty()) return;
    if (file == "/dev/null") {
        log_info("the host key {} is taken, and not remembered: it goes to /dev/null",
                 described(key));
        return;
    }
    const Endpoint host = known_as(settings);
    try {
        add_known_host(file, host.host, host.port, key,
                       settings.hash_known_hosts ? HashNames::yes : HashNames::as_the_file_does,
                       random);
    } catch (const Error& error) {
        // It is accepted all the same, as by ssh; it will only be unknown again the next time.
        log_error("the host key of {}, {}, can't be remembered: {}",
                  known_host_name(host.host, host.port), described(key), error.what());
        return;
    }
    log_info("added the host key of {} to {}: {}", known_host_name(host.host, host.port), file,
             described(key));
}

awaitable<bool> user_accepts(const TunnelSettings& settings, const PublicKey& key,
                             const AskUser& ask) {
    const Endpoint host = known_as(settings);
    std::string question = fmt::format(
        "The server {} is not known. Its host key is\n  {}\nConnect, and remember it "
        "(yes/no/the fingerprint)? ",
        known_host_name(host.host, host.port), described(key));
    for (;;) {
        const auto answer = co_await ask(question);
        if (!answer) refuse_unknown(key, "there is no terminal to ask on");
        if (*answer == "yes" || *answer == fingerprint(key)) co_return true;
        if (*answer == "no") co_return false;
        if (answer->starts_with("SHA256:")) {
            throw refused(fmt::format("host key not accepted: the server sent {}, you typed {}",
                                      described(key), escaped(*answer, 64)));
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
    const KnownHostAnswer answer =
        look_up_known_host(read_all(settings), host.host, host.port, key);
    switch (answer.state) {
        case KnownHostState::match:
            co_return;
        case KnownHostState::revoked:
            throw refused(fmt::format("host key revoked: {}:{} says that {} must not be trusted",
                                      answer.file, answer.line, described(key)));
        case KnownHostState::changed:
            refuse_changed(settings, key, answer);
        case KnownHostState::other_type:
            refuse_other_type(key, answer);
        case KnownHostState::unknown:
            break;
    }
    if (key == accepted) co_return;
    switch (settings.strict_host_key_checking) {
        case StrictHostKeyChecking::yes:
            refuse_unknown(key, "StrictHostKeyChecking is yes");
        case StrictHostKeyChecking::ask:
            if (settings.batch_mode) refuse_unknown(key, "BatchMode asks nobody");
            if (!co_await user_accepts(settings, key, ask)) {
                throw refused("host key not accepted");
            }
            break;
        case StrictHostKeyChecking::accept_new:
        case StrictHostKeyChecking::no:
            break;
    }
    accept(settings, key, random);
    accepted = key;
}

}  // namespace culvert
