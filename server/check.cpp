#include "server/check.hpp"

#include <grp.h>
#include <pwd.h>
#include <unistd.h>

#include <cerrno>
#include <optional>
#include <set>
#include <vector>

#include <fmt/format.h>
#include <asio/io_context.hpp>

#include "common/base/error.hpp"
#include "common/base/escape.hpp"
#include "common/base/file.hpp"
#include "common/base/shell_quote.hpp"
#include "common/log/log.hpp"
#include "common/net/address.hpp"
#include "common/net/binding.hpp"
#include "common/net/listener.hpp"
#include "common/net/resolver.hpp"
#include "common/net/task_group.hpp"
#include "server/key_files.hpp"
#include "server/listen_plan.hpp"

namespace culvert {
namespace {

using asio::ip::tcp;

constexpr Duration lookup_time = std::chrono::seconds{10};

/// Goes on after an error, so that all of them are seen at once.
class Report {
public:
    void attempt(auto&& action) {
        try {
            action();
        } catch (const Error& error) {
            fail(error);
        } catch (const std::exception& error) {
            fail(error);
        }
    }

    void fail(const Error& error) {
        log_error(error);
        note(exit_code(error));
    }

    /// What the system lacked for the check: the configuration is not known to be good.
    void fail(const std::exception& error) {
        note(exit_work_failed);
        log_error("{}", error.what());
    }

    void note(ExitCode code) {
        if (code_ == exit_as_asked) code_ = code;
    }

    ExitCode code() const noexcept { return code_; }

private:
    ExitCode code_ = exit_as_asked;
};

/// An account of the system.
struct Account {
    std::string name;
    std::string home;
    uid_t user;
    gid_t group;
};

Account find_account(const std::string& name) {
    passwd entry{};
    passwd* found = nullptr;
    std::vector<char> strings(16'384);
    if (::getpwnam_r(name.c_str(), &entry, strings.data(), strings.size(), &found) != 0 ||
        found == nullptr) {
        throw Error{ErrorKind::usage,
                    fmt::format("--user {}: this machine has no such user", escaped(name, 64))};
    }
    return {found->pw_name, found->pw_dir, found->pw_uid, found->pw_gid};
}

void expect_may_become(const Account& account) {
    if (::geteuid() == 0 || ::geteuid() == account.user) return;
    throw Error{
        ErrorKind::usage,
        fmt::format("--user {}: only root can check as another user", escaped(account.name, 64)),
        Hint{"run the same command with sudo"}};
}

/// For good: what is left of this process is a check.
void become(const Account& account) {
    if (::geteuid() == account.user) return;
    if (::initgroups(account.name.c_str(), account.group) != 0 || ::setgid(account.group) != 0 ||
        ::setuid(account.user) != 0) {
        throw Error{ErrorKind::internal,
                    fmt::format("--user {}: {}", escaped(account.name, 64), reason_of(errno))};
    }
}

/// What the account's own processes find, as far as that is known: root's folders aren't its.
Environment environment_of(const Account& account, const Environment& ours) {
    Environment its{account.home, account.name, account.user == 0, ours.variable};
    its.variable = [variable = ours.variable](const std::string& name) {
        const bool is_own = name == "HOME" || name.starts_with("XDG_");
        return is_own ? std::nullopt : variable(name);
    };
    return its;
}

// ---------------------------------------------------------------------- files

/// A service mostly runs as another user; root, who checks, reads everything.
void hint_at_what_only_root_reads(const ServerConfig& config) {
    std::set<std::string> files{config.files.begin(), config.files.end()};
    files.insert(config.any_user_keys_files.begin(), config.any_user_keys_files.end());
    for (const auto& [name, user] : config.users) {
        files.insert(user.authorized_keys_files.begin(), user.authorized_keys_files.end());
    }
    for (const std::string& file : files) {
        const auto what = what_only_root_reads(file);
        if (!what) continue;
        const std::string why =
            *what == file ? "" : fmt::format(", because of {}", shell_quoted(*what));
        log_event(LogLevel::info, {}, {},
                  fmt::format("{}: only root can read it{}: culvertd can't if it runs as another "
                              "user",
                              shell_quoted(file), why),
                  fmt::format("chmod a+{} {}", *what == file ? "r" : "x", shell_quoted(*what)));
    }
}

/// The systemd unit hands over a host key that root alone reads.
void hint_at_host_key(const HostKeyFile& file, const std::string& user) {
    if (::access(file.path.c_str(), R_OK) == 0 || errno != EACCES) return;
    log_event(LogLevel::info, {}, {},
              fmt::format("the host key {}: {} can't read it, and must be given it at the start",
                          shell_quoted(file.path), escaped(user, 64)),
              "culvertd.service does that, with LoadCredential=");
}

// ---------------------------------------------------------------------- addresses

class ListenCheck {
public:
    ListenCheck(const ServeCommand& command, Report& report) : command_{command}, report_{report} {}

    void run(const ServerConfig& config) {
        asio::io_context context{1};
        TaskGroup lookups{context.get_executor(), [this](const std::exception_ptr& thrown) {
                              report_.attempt([&] { std::rethrow_exception(thrown); });
                          }};
        lookups.spawn(look_up(config.listen));
        context.run();
        resolver_.close();
        for (const std::string& warning : drop_covered(entries_)) log_info("listen: {}", warning);
        for (const ListenEntry& entry : entries_) check_entry(entry);
    }

private:
    awaitable<void> look_up(std::vector<Endpoint> listen) {
        for (const Endpoint& where : listen) {
            try {
                auto addresses = co_await listen_endpoints(resolver_, where, AddressFamily::any,
                                                           Deadline{lookup_time});
                entries_.push_back({where, std::move(addresses)});
            } catch (const Error& error) {
                report_.fail(error);
            }
        }
    }

    void check_entry(const ListenEntry& entry) {
        std::size_t missing = 0;
        for (const tcp::endpoint& endpoint : entry.to_bind) {
            const std::error_code error = try_to_bind(endpoint);
            if (is_missing_here(error)) {
                ++missing;
            } else if (error.value() == EADDRINUSE) {
                if (command_.check_reload) continue;
                log_info("listen: {}: in use now by a running culvertd or another program",
                         to_string(endpoint));
            } else if (error.value() == EACCES && command_.check_as) {
                // What the service may do beyond the user's own rights can't be known here.
                log_info("listen: {}: {} may not use this port without CAP_NET_BIND_SERVICE",
                         to_string(endpoint), escaped(*command_.check_as, 64));
            } else if (error) {
                report_.fail(with_context("listen", listen_error(endpoint, error)));
            }
        }
        if (missing < entry.to_bind.size()) return;
        log_info(
            "listen: {}: this machine doesn't have the address now; the start fails until it "
            "does",
            escaped(to_string(entry.where)));
    }

    const ServeCommand& command_;
    Report& report_;
    Resolver resolver_;
    std::vector<ListenEntry> entries_;
};

}  // namespace

HostKeyFile host_key_file(const ServeCommand& command, const ServerConfig& config) {
    return {shown_host_key(config.host_keys), {.anybody = !command.host_keys.empty()}};
}

ExitCode check(const ServeCommand& command, const Environment& environment) {
    Report report;
    Environment its = environment;
    if (command.check_as) {
        const Account account = find_account(*command.check_as);
        expect_may_become(account);
        // While this is still root: what root can't use nobody can hand over.
        const HostKeyFile host_key = host_key_file(command, server_config_of(command, environment));
        if (!command.check_reload) report.attempt([&] { check_host_key(host_key); });
        become(account);
        its = environment_of(account, environment);
        if (!command.check_reload) hint_at_host_key(host_key, account.name);
    }
    const ServerConfig config = load_server_config(command, its);
    const std::size_t bad_files = check_user_key_files(config);
    if (command.check_as && bad_files > 0) report.note(exit_bad_input);
    if (!command.check_as && !command.check_reload) {
        report.attempt([&] { check_host_key(host_key_file(command, config)); });
    }
    report.attempt([&] { check_log(config.log); });
    if (!command.check_as && environment.root) hint_at_what_only_root_reads(config);
    ListenCheck{command, report}.run(config);
    return report.code();
}

}  // namespace culvert
