#include "common/engine/peer_software.hpp"

namespace culvert {
namespace {

/// What stands behind "SSH-2.0-".
std::string_view software_of(std::string_view version) {
    return version.substr(version.find('-', sizeof("SSH-") - 1) + 1);
}

}  // namespace

/// The function of libssh that serves a key exchange returns between NEWKEYS and the end of the
/// login. It never returns if it reads both at once, as it may when the first request is granted.
FirstRequest first_request_to(std::string_view version) {
    return software_of(version).starts_with("libssh") ? FirstRequest::after_service_accept
                                                      : FirstRequest::at_once;
}

/// Other servers end the connection for a channel ahead of USERAUTH_SUCCESS (AsyncSSH; ssh2 for
/// node with an application that takes its time).
bool takes_early_channels(std::string_view version) {
    const std::string_view software = software_of(version);
    return software.starts_with("OpenSSH_") || software.starts_with("dropbear");
}

}  // namespace culvert
