#include "client/help.hpp"

namespace culvert {

constexpr std::string_view tunnel_help =
    R"(culvert carries TCP connections through an encrypted tunnel to an SSH server.

usage: culvert [flags] [user@]host[:port] [-L] forward...
       culvert up [-c FILE] [TUNNEL...]      the tunnels of a file; culvert up --help
       culvert check [-c FILE]               says what that file means
       culvert keygen [-f FILE]              makes a key pair; culvert keygen --help

A forward is [bind:]port:host:hostport. What connects to `port` here comes out at
`host`:`hostport`, as the server sees it. Ports may be names (pop3), port 0 is a free one,
IPv6 addresses go in brackets. Without a bind it is open to this machine alone.

examples:
  culvert alice@gw -L 12345:pop3.example.com:pop3     then: telnet localhost 12345
  culvert -C -p 2222 alice@gw 12345:pop3.example.com:110 8080:intranet:80

forwards
  -L FORWARD        one more; it may also just follow the host
  -g                forwards without a bind are open to every machine that reaches this one
  -o ExitOnForwardFailure=yes   end when a port can't be bound

server and user
  -p PORT           the server's port (22)
  -l USER           the user's name there (your login name)
  -4, -6            IPv4 alone, IPv6 alone
  -b ADDRESS        connect from this address

keys
  -i FILE           a key to log in with, ahead of the agent's; may be repeated. Without it:
                    the keys of the agent at SSH_AUTH_SOCK, then ~/.ssh/id_ed25519. A file that is
                    encrypted, or a .pub, names a key that the agent is to sign with
  -o IdentitiesOnly=yes         of the agent's keys only those of the files
  -o IdentityAgent=SOCKET       another agent, or none
  -o StrictHostKeyChecking=yes|accept-new|ask|no   what to do with an unknown host key (ask)
  -o UserKnownHostsFile=FILE    where host keys are kept (~/.ssh/known_hosts)

connection
  -C                compress: zstd with culvertd, zlib with others
  -c CIPHERS        aes256-gcm@openssh.com, chacha20-poly1305@openssh.com, or both with a comma
  -o NAME=VALUE     ssh's options, quoted as in ssh_config:
                    AddressFamily BatchMode BindAddress Ciphers Compression
                    ConnectionAttempts ConnectTimeout ExitOnForwardFailure GatewayPorts
                    GlobalKnownHostsFile HashKnownHosts HostKeyAlias HostName IdentitiesOnly
                    IdentityAgent IdentityFile IgnoreUnknown KexAlgorithms LogLevel Port RekeyLimit
                    ServerAliveCountMax ServerAliveInterval StrictHostKeyChecking TCPKeepAlive
                    User UserKnownHostsFile; and culvert's own: Connections Threads.
                    ssh's others are taken where nothing here depends on them

program
  -f                go to the background once the tunnel is up; then only -v and -E still show
                    what happens
  -G                print what the words come to, as ssh -G does, and end
  -E FILE           messages go to the end of this file, with times, instead of stderr
  --pid-file FILE   the process id goes into this file, which is removed at the end
  -v, -vv, -q       say more, much more, errors only
  --log-time        a time before each line
  --log-json        each line as a JSON object, with the event's fields
  -h, --help; --version (or -V)
  -N -T -n -a -x -k -2, -F none, -F /dev/null
                    as for ssh; they switch off what culvert never does
  -e CHAR, -m MACS, -y   taken, and without effect

A host that is called up, check or keygen: culvert -- up 12345:host:110
)";

constexpr std::string_view up_help =
    R"(usage: culvert up [-c FILE] [-E FILE] [--pid-file FILE] [-v] [-q] [--log-time] [--log-json]
                  [TUNNEL...]

Brings up every tunnel of the file, or the named ones, and keeps them up. SIGHUP has it read the
file again: tunnels that are the same go on undisturbed. SIGUSR1 logs the state of each.

  -c FILE           the file (~/.config/culvert/culvert.yaml; for root /etc/culvert/culvert.yaml)
  -E FILE           messages go to the end of this file, with times, instead of stderr
  --pid-file FILE   the process id goes into this file, which is removed at the end
  -v, -vv, -q       say more, much more, errors only
  --log-time        a time before each line
  --log-json        each line as a JSON object, with the event's fields
)";

constexpr std::string_view check_help = R"(usage: culvert check [-c FILE]

Reads the file as `culvert up` does, and prints each tunnel's name and server and a line for each of
its forwards. Says what is wrong, with the line, and ends with 2, if anything is.

  -c FILE           the file (~/.config/culvert/culvert.yaml; for root /etc/culvert/culvert.yaml)
)";

constexpr std::string_view keygen_help =
    R"(usage: culvert keygen [-t ed25519] [-f FILE] [-N ''] [-C COMMENT] [-q]

Makes an Ed25519 key pair in OpenSSH's formats: FILE, which is secret, and FILE.pub, a line of which
goes into the server's authorized_keys.

  -f FILE           where to (~/.ssh/id_ed25519)
  -C COMMENT        what the public key's line ends in (user@host)
  -N ''             no passphrase, which is the default; for one: ssh-keygen -p -f FILE
  -t ed25519        the only type
  -q                print nothing
)";

}  // namespace culvert
