#include "client/defaults.hpp"

#include <fmt/format.h>

#include "common/base/error.hpp"
#include "common/base/escape.hpp"
#include "common/config/algorithms.hpp"

namespace culvert {

TunnelSettings default_tunnel_settings(const Environment& environment) {
    TunnelSettings settings;
    settings.user = environment.login;
    settings.server.port = 22;
    settings.agent = agent_socket("SSH_AUTH_SOCK", environment);
    if (const std::string& home = environment.home; !home.empty()) {
        settings.identities = {home + "/.ssh/id_ed25519"};
        settings.ssh_config = home + "/.ssh/config";
        settings.user_known_hosts = {home + "/.ssh/known_hosts", home + "/.ssh/known_hosts2"};
    }
    settings.global_known_hosts = {"/etc/ssh/ssh_known_hosts", "/etc/ssh/ssh_known_hosts2"};
    settings.compression = prefer_compression("none");
    return settings;
}

std::optional<std::string> agent_socket(const std::string& written,
                                        const Environment& environment) {
    if (written == "none") return std::nullopt;
    const bool dollar = written.starts_with('$') && !written.starts_with("${");
    if (!dollar && written != "SSH_AUTH_SOCK") return expand_path(written, environment);
    if (written.find('/') != std::string::npos) {
        throw Error{ErrorKind::config, fmt::format("{}: $NAME must stand alone", escaped(written)),
                    Hint{"in a path, write ${NAME}"}};
    }
    auto socket = environment.variable(written.substr(dollar ? 1 : 0));
    if (socket && socket->empty()) socket.reset();
    return socket;
}

}  // namespace culvert
