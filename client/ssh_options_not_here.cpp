#include "client/ssh_options_not_here.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "common/base/characters.hpp"
#include "common/base/wildcard.hpp"

namespace culvert {
namespace {

using enum OtherValues;
using enum ValueForm;

constexpr std::string_view no_session = "is for a remote shell or command, and culvert runs none";
constexpr std::string_view no_x11 = "is for X11, which culvert doesn't forward";
constexpr std::string_view no_canonical = "completes the host's name";
constexpr std::string_view whole_name = "write the server's whole name";
constexpr std::string_view no_gssapi = "logs in with GSSAPI (Kerberos); culvert logs in with keys";
constexpr std::string_view no_sharing = "shares a connection among programs";
constexpr std::string_view no_unix = "is for unix sockets";
constexpr std::string_view no_certificates = "is for certificates";
constexpr std::string_view protocol_1 = "is of SSH protocol 1, which is gone";
constexpr std::string_view no_password =
    "asks for a password or the like; culvert logs in with keys";
constexpr std::string_view make_key = "culvert keygen makes a key";

// clang-format off
constexpr auto options = std::to_array<SshOptionNotHere>({
    {"AddKeysToAgent", "no", refused, "adds the key that logs in to the agent",
     "add it beforehand, with ssh-add FILE"},
    {"AfsTokenPassing", "no", noted, protocol_1},
    {"BindInterface", "", refused, "connects from an interface's address", "-b ADDRESS"},
    {"CanonicalDomains", "", noted, no_canonical},
    {"CanonicalizeFallbackLocal", "yes,no", noted, no_canonical},
    {"CanonicalizeHostname", "no", refused, no_canonical, whole_name},
    {"CanonicalizeMaxDots", "", noted, no_canonical},
    {"CanonicalizePermittedCNAMEs", "", noted, no_canonical},
    {"CASignatureAlgorithms", "", noted, no_certificates},
    {"CertificateFile", "none", refused, "logs in with a certificate, a file of its own",
     "ssh-add FILE gives the agent a key with its certificate"},
    {"ChallengeResponseAuthentication", "no", refused, no_password, make_key},
    {"ChannelTimeout", "none", refused, "ends channels that are quiet for some time"},
    {"CheckHostIP", "no", warned, "looks up the key of the server's address as well as of its name"},
    {"Cipher", "", refused, protocol_1, "-c CIPHERS"},
    {"ClearAllForwardings", "no", refused, "takes back every forward, and culvert does nothing else"},
    {"CompressionLevel", "", noted, protocol_1},
    {"ControlMaster", "no", refused, no_sharing, "start culvert once, with every forward"},
    {"ControlPath", "none", refused, no_sharing, "start culvert once, with every forward"},
    {"ControlPersist", "no", refused, no_sharing, "-f leaves culvert in the background"},
    {"DSAAuthentication", "yes", noted, "logs in with DSA keys, which are gone"},
    {"DynamicForward", "", refused, "is a SOCKS proxy; this version carries local forwards (-L)"},
    {"EnableEscapeCommandline", "yes,no", noted, no_session},
    {"EnableSSHKeysign", "no", noted, "is for host-based authentication"},
    {"EscapeChar", "", noted, no_session},
    {"FallBackToRsh", "no", refused, "goes on without encryption"},
    {"FingerprintHash", "sha256", refused, "shows fingerprints in another form; culvert's are SHA256"},
    {"ForkAfterAuthentication", "no", refused, "goes to the background", "-f"},
    {"ForwardAgent", "no", refused, "lets the server use the agent, and culvert forwards none"},
    {"ForwardX11", "no", refused, no_x11, "ssh -X"},
    {"ForwardX11Timeout", "", noted, no_x11},
    {"ForwardX11Trusted", "yes,no", noted, no_x11},
    {"GSSAPIAuthentication", "no", refused, no_gssapi, make_key},
    {"GSSAPIClientIdentity", "", noted, no_gssapi},
    {"GSSAPIDelegateCredentials", "yes,no", noted, no_gssapi},
    {"GSSAPIKexAlgorithms", "", noted, no_gssapi},
    {"GSSAPIKeyExchange", "no", refused, no_gssapi},
    {"GSSAPIRenewalForcesRekey", "yes,no", noted, no_gssapi},
    {"GSSAPIServerIdentity", "", noted, no_gssapi},
    {"GSSAPITrustDns", "yes,no", noted, no_gssapi},
    {"Host", "", refused, "begins a block of a file, and culvert reads no ssh_config"},
    {"HostbasedAcceptedAlgorithms", "", noted, "is for host-based authentication"},
    {"HostbasedAcceptedKeyTypes", "", noted, "is for host-based authentication"},
    {"HostbasedAuthentication", "no", refused, "logs in with the key of this machine",
     "-i FILE names a key"},
    {"HostbasedKeyTypes", "", noted, "is for host-based authentication"},
    {"HostKeyAlgorithms", "~ssh-ed25519", refused,
     "chooses the type of the host key; culvert checks ssh-ed25519 alone"},
    {"Include", "", refused, "names a file, and culvert reads no ssh_config"},
    {"IPQoS", "", noted, "marks packets for routers (DSCP)"},
    {"KbdInteractiveAuthentication", "no", refused, no_password, make_key},
    {"KbdInteractiveDevices", "", noted, no_password},
    {"KerberosAuthentication", "no", noted, protocol_1},
    {"KerberosTgtPassing", "no", noted, protocol_1},
    {"KnownHostsCommand", "none", refused, "asks a program for host keys",
     "-o UserKnownHostsFile=FILE", verbatim},
    {"LocalCommand", "", noted, "names a command that PermitLocalCommand=yes would run", "",
     verbatim},
    {"LocalForward", "", refused, "is a forward", "write -L, as in -L 12345:pop3.example.com:110"},
    {"LogVerbose", "", noted, "is for debugging ssh itself"},
    {"MACs", "", noted, "chooses a MAC, and culvert's ciphers authenticate without one"},
    {"Match", "", refused, "begins a block of a file, and culvert reads no ssh_config"},
    {"NoHostAuthenticationForLocalhost", "no", refused,
     "leaves out the host key's check for this machine",
     "-o StrictHostKeyChecking=accept-new, or -o HostKeyAlias=NAME for each such server"},
    {"NumberOfPasswordPrompts", "", noted, no_password},
    {"ObscureKeystrokeTiming", "", noted, no_session},
    {"PasswordAuthentication", "no", refused, no_password, make_key},
    {"PermitLocalCommand", "no", refused, "runs a command here once the server is reached"},
    {"PermitRemoteOpen", "", noted, "is for remote forwards to a SOCKS proxy"},
    {"PKCS11Provider", "none", refused, "takes keys from a token through a library",
     "ssh-add -s LIBRARY gives the agent its keys"},
    {"PreferredAuthentications", "~publickey", refused,
     "chooses how to log in; culvert logs in with keys (publickey)", make_key},
    {"Protocol", "2", refused, protocol_1},
    {"ProxyCommand", "none", refused, "reaches the server through a program",
     "tunnel to the machine between first: culvert JUMPHOST 2222:SERVER:22, then culvert -p 2222 "
     "localhost", verbatim},
    {"ProxyJump", "none", refused, "reaches the server through another one",
     "tunnel to that one first: culvert JUMPHOST 2222:SERVER:22, then culvert -p 2222 localhost",
     verbatim},
    {"ProxyUseFdpass", "no", noted, "is for ProxyCommand"},
    {"PubkeyAcceptedAlgorithms", "~ssh-ed25519", refused,
     "chooses the types of keys that log in; culvert offers every key that it has", "-i FILE"},
    {"PubkeyAcceptedKeyTypes", "~ssh-ed25519", refused,
     "chooses the types of keys that log in; culvert offers every key that it has", "-i FILE"},
    {"PubkeyAuthentication", "yes,unbound,host-bound", refused,
     "switches off login with keys, and culvert has no other"},
    {"RefuseConnection", "", refused, "ends with a message instead of connecting"},
    {"RemoteCommand", "none", refused, no_session, "ssh SERVER COMMAND", verbatim},
    {"RemoteForward", "", refused, "is a remote forward; this version carries local ones (-L)"},
    {"RequestTTY", "no,auto", refused, no_session},
    {"RequiredRSASize", "", noted, "refuses small RSA keys; culvert checks no RSA host keys"},
    {"RevokedHostKeys", "none", refused, "names a list of host keys to refuse",
     "a line '@revoked * ssh-ed25519 KEY' in a known_hosts file"},
    {"RhostsRSAAuthentication", "no", noted, protocol_1},
    {"RSAAuthentication", "yes,no", noted, protocol_1},
    {"SecurityKeyProvider", "", noted, "is for keys on tokens; the agent signs with those"},
    {"SendEnv", "", noted, no_session},
    {"SessionType", "none", refused, no_session, "-o SessionType=none, or leave it out"},
    {"SetEnv", "", noted, no_session},
    {"StdinNull", "yes,no", noted, no_session},
    {"StreamLocalBindMask", "", noted, no_unix},
    {"StreamLocalBindUnlink", "yes,no", noted, no_unix},
    {"SyslogFacility", "", noted, "is for messages to syslog; culvert's go to stderr or -E FILE"},
    {"Tag", "", noted, "is for Match in an ssh_config, and culvert reads none"},
    {"Tunnel", "no", refused, "carries whole packets (tun); culvert carries TCP connections"},
    {"TunnelDevice", "", noted, "is for Tunnel"},
    {"UpdateHostKeys", "no", noted, "keeps further host keys of the server in known_hosts"},
    {"UseKeychain", "no", noted, "keeps passphrases in the macOS keychain"},
    {"UsePrivilegedPort", "no", refused, "connects from a port below 1024"},
    {"UseRoaming", "no", noted, "is gone from ssh too"},
    {"UseRsh", "no", refused, "goes on without encryption"},
    {"VerifyHostKeyDNS", "no", refused, "looks for the host key in DNS (SSHFP)",
     "put it into a known_hosts file"},
    {"VersionAddendum", "none", noted, "is said in the version line"},
    {"VisualHostKey", "no", noted, "draws the host key"},
    {"WarnWeakCrypto", "", noted, "warns of old algorithms, and culvert has none"},
    {"XAuthLocation", "", noted, no_x11},
});
// clang-format on

std::vector<std::string_view> split_at_commas(std::string_view list) {
    std::vector<std::string_view> all;
    while (!list.empty()) {
        const std::size_t comma = std::min(list.find(','), list.size());
        all.push_back(list.substr(0, comma));
        list.remove_prefix(std::min(comma + 1, list.size()));
    }
    return all;
}

/// As ssh reads it: yes is also called true, and no false.
std::string_view plain(std::string_view word) {
    if (word == "true") return "yes";
    return word == "false" ? "no" : word;
}

/// A list by which ssh chooses among algorithms: +more, -fewer, ^first or the whole.
bool list_keeps(std::string_view list, std::string_view wanted) {
    if (list.starts_with('+') || list.starts_with('^')) return true;
    const bool removes = list.starts_with('-');
    if (removes) list.remove_prefix(1);
    const auto names_it = [&](std::string_view one) { return wildcard_match(one, wanted); };
    return std::ranges::any_of(split_at_commas(list), names_it) != removes;
}

}  // namespace

std::span<const SshOptionNotHere> ssh_options_not_here() { return options; }

bool changes_nothing(const SshOptionNotHere& option, const std::vector<std::string>& value) {
    if (value.size() != 1) return false;
    const std::string word = lower_case(value.front());
    if (option.taken.starts_with('~')) return list_keeps(word, option.taken.substr(1));
    const auto taken = split_at_commas(option.taken);
    return std::ranges::find(taken, plain(word)) != taken.end();
}

std::string taken_values(const SshOptionNotHere& option) {
    if (option.taken.empty()) return {};
    if (option.taken.starts_with('~')) {
        return fmt::format("a list with {}", option.taken.substr(1));
    }
    return fmt::format("{}={}", option.name, fmt::join(split_at_commas(option.taken), " or "));
}

}  // namespace culvert
