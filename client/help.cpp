#include "client/help.hpp"

namespace culvert {

constexpr std::string_view tunnel_help =
    R"(culvert carries TCP connections through an encrypted tunnel to an SSH server.

usage: culvert [flags] [user@]host[:port] [-L] forward...
       culvert up [-c FILE] [TUNNEL...]      bring up the tunnels of a file; culvert up --help
       culvert check [-c FILE]               show what that file means
       culvert keygen [-f FILE]              make a key pair; culvert keygen --help

A forward is [bind:]port:host:hostport. A connection to `port` on this machine is carried to
`hostport` on `host`, as the server sees it. Ports may be names (pop3), local port 0 picks a free
one, IPv6 addresses go in brackets. Without `bind`, only this machine can connect.

examples:
  culvert alice@gw -L 12345:pop3.example.com:pop3     then: telnet localhost 12345
  culvert -C -p 2222 alice@gw 12345:pop3.example.com:110 8080:intranet:80

forwards
  -L FORWARD        a forward; it may also follow the host without -L
  -g                let other machines connect to forwards without `bind`
  -o ExitOnForwardFailure=yes   end when a port can't be bound

server and user
  -p PORT           the server's port (22)
  -l USER           the user name on the server (your login name)
  -4, -6            use only IPv4, only IPv6
  -b ADDRESS        connect from this address of this machine

keys
  -i FILE           a key file to log in with, tried before the agent's keys; may be repeated.
                    Without it: the keys of the agent at SSH_AUTH_SOCK, then ~/.ssh/id_ed25519.
                    An encrypted file, or a .pub file, names a key of the agent
  -o IdentitiesOnly=yes         use only those of the agent's keys that files name
  -o IdentityAgent=SOCKET       use another agent, or none
  -o StrictHostKeyChecking=yes|accept-new|ask|no   what to do with an unknown host key (ask)
  -o UserKnownHostsFile=FILE    the file for host keys (~/.ssh/known_hosts)

connection
  -C                compress: zstd with culvertd, zlib with other servers
  -c CIPHERS        aes256-gcm@openssh.com, chacha20-poly1305@openssh.com, or both, separated by
                    a comma
  -o NAME=VALUE     one of ssh's options, quoted as in ssh_config:
                    AddressFamily BatchMode BindAddress Ciphers Compression
                    ConnectionAttempts ConnectTimeout ExitOnForwardFailure GatewayPorts
                    GlobalKnownHostsFile HashKnownHosts HostKeyAlias HostName IdentitiesOnly
                    IdentityAgent IdentityFile IgnoreUnknown KexAlgorithms LogLevel Port RekeyLimit
                    ServerAliveCountMax ServerAliveInterval StrictHostKeyChecking TCPKeepAlive
                    User UserKnownHostsFile; and culvert's own: Connections RequirePostQuantum
                    Threads.
                    ssh's other options are accepted where they make no difference here

program
  -f                go to the background once the tunnel is up; later messages are lost without
                    -v or -E
  -G                print the resulting settings, as ssh -G does, and exit
  -E FILE           append messages to this file, with times, instead of writing them to stderr
  --pid-file FILE   write the process id to this file; it is removed at the end
  -v, -vv, -q       log more, much more, only errors
  --log-time        put the time before each line
  --log-json        write each line as a JSON object, with the event's fields
  -h, --help; --version (or -V)
  -N -T -n -a -x -k -2, -F none, -F /dev/null
                    accepted, as in ssh; they switch off what culvert never does
  -e CHAR, -m MACS, -y   accepted and ignored

A host whose name is up, check or keygen: culvert -- up 12345:host:110
)";

constexpr std::string_view up_help =
    R"(usage: culvert up [-c FILE] [-E FILE] [--pid-file FILE] [-v] [-q] [--log-time] [--log-json]
                  [TUNNEL...]

Brings up every tunnel of the file, or only the named ones, and keeps them up. SIGHUP makes it read
the file again; unchanged tunnels are not interrupted. SIGUSR1 logs the state of each tunnel.

  -c FILE           the file (~/.config/culvert/culvert.yaml; for root /etc/culvert/culvert.yaml)
  -E FILE           append messages to this file, with times, instead of writing them to stderr
  --pid-file FILE   write the process id to this file; it is removed at the end
  -v, -vv, -q       log more, much more, only errors
  --log-time        put the time before each line
  --log-json        write each line as a JSON object, with the event's fields
)";

constexpr std::string_view check_help = R"(usage: culvert check [-c FILE]

Reads the file as `culvert up` does, and prints each tunnel's name and server and a line for each of
its forwards. If something is wrong, it prints the error with its line, and the exit status is 2.

  -c FILE           the file (~/.config/culvert/culvert.yaml; for root /etc/culvert/culvert.yaml)
)";

constexpr std::string_view keygen_help =
    R"(usage: culvert keygen [-t ed25519] [-f FILE] [-N ''] [-C COMMENT] [-q]

Makes an Ed25519 key pair in OpenSSH's formats: FILE, the private key, which must stay secret, and
FILE.pub, the public key, whose line belongs in authorized_keys on the server.

  -f FILE           the file for the private key (~/.ssh/id_ed25519)
  -C COMMENT        the comment at the end of the public key's line (user@host)
  -N ''             no passphrase, the default; ssh-keygen -p -f FILE adds one
  -t ed25519        the only key type
  -q                print only errors
)";

}  // namespace culvert
