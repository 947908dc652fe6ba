"""How the programs end: 2 for what the user wrote, 1 for what failed, and a text that helps."""

import re
import socket
import struct
import subprocess

import pytest

from harness import streams
from harness.keys import make_key
from harness.peers import (USER, culvert_words, run_culvert, ssh_words, start_culvert,
                           start_culvertd, start_sshd, tunnel_settings, tunnels_file)
from harness.process import DEADLINE
from harness.target import closed_port, echo

pytestmark = pytest.mark.short

DESTINATION = "somebody@127.0.0.1"


def check(done, status, *texts):
    """The exit status, each text on stderr, and `program: ` before each line."""
    assert done.returncode == status, done.stderr
    for text in texts:
        assert re.search(text, done.stderr), f"no {text!r} in: {done.stderr}"
    program = done.args[0].rsplit("/", 1)[1]
    for line in done.stderr.splitlines():
        assert line.startswith(f"{program}: "), done.stderr


def check_all(done, status, text):
    """The exit status, and all that is on stderr: `text` behind the program's name."""
    assert (done.returncode, done.stderr) == (status, f"{done.args[0].rsplit('/', 1)[1]}: {text}\n")


FORWARD = ["-L", "0:localhost:80"]
FORM = "; the form is [bind:]port:host:hostport, as in 12345:pop3.example.com:110"


@pytest.mark.parametrize("words, text", [
    (["--no-such-flag", DESTINATION],
     "unknown flag '--no-such-flag'\nculvert: hint: --help lists the flags"),
    (["-Z", DESTINATION], "unknown flag '-Z'\nculvert: hint: --help lists the flags"),
    (["-o", "NoSuchOption=yes", *FORWARD, DESTINATION],
     "-o NoSuchOption: culvert has no such option\nculvert: hint: --help lists the options"),
    (["-o", "StrictHostKeyChecking=perhaps", *FORWARD, DESTINATION],
     "-o StrictHostKeyChecking: 'perhaps' is not yes, accept-new, ask or no"),
    (["-L", "nonsense", DESTINATION], "'nonsense': parts are missing" + FORM),
    (["-L", "70000:localhost:80", DESTINATION],
     "'70000:localhost:80': the local port '70000' is neither a number from 0 to 65535 nor the name "
     "of a TCP service" + FORM),
    (["-L", "0:localhost:no-such-service", DESTINATION],
     "'0:localhost:no-such-service': the target port 'no-such-service' is neither a number from 1 "
     "to 65535 nor the name of a TCP service" + FORM),
    (["-L", "0:localhost:", DESTINATION],
     "'0:localhost:': the target port '' is neither a number from 1 to 65535 nor the name of a TCP "
     "service" + FORM),
    ([DESTINATION, "12345:localhost"], "'12345:localhost': parts are missing" + FORM),
    (["-p", "0x16", *FORWARD, DESTINATION],
     "-p: '0x16' is neither a number from 1 to 65535 nor the name of a TCP service"),
    (["-c", "3des-cbc", *FORWARD, DESTINATION],
     "-c: no cipher '3des-cbc': culvert has aes256-gcm@openssh.com, chacha20-poly1305@openssh.com"),
    (["-i", "/no/such/key", *FORWARD, DESTINATION],
     "/no/such/key: no such file\nculvert: hint: culvert keygen -f /no/such/key"),
    ([], "no server is named\nculvert: hint: culvert alice@gw -L 12345:pop3.example.com:110 names "
         "one; --help says more"),
    (["up", "-c", "/no/such/culvert.yaml"], "/no/such/culvert.yaml: no such file"),
    (["check", "-c", "/no/such/culvert.yaml"], "/no/such/culvert.yaml: no such file"),
    (["keygen", "-t", "dsa", "-N", "", "-f", "/no/such/key"],
     "-t dsa: culvert makes ed25519 keys only; every current SSH server accepts them"),
])
def test_culvert_says_what_is_wrong_with_what_was_written(lab, words, text):
    check_all(lab.finish("culvert", *words), 2, text)


def with_identity(lab, path):
    return lab.finish("culvert", "-i", path, *FORWARD, DESTINATION)


@pytest.mark.parametrize("content, text", [
    ("not a key at all\n", "is not a private key: an OpenSSH one begins with "
                           "-----BEGIN OPENSSH PRIVATE KEY-----"),
    ("-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n",
     "is garbled: it is not in the format openssh-key-v1\n"
     "culvert: hint: restore it from a backup, or make a new key with culvert keygen"),
    ("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHeFVXsRUP6NILmN9/qVo2OdpPZwZNoPFsoLRI3P4Zrn a\n",
     "is a public key\nculvert: hint: name the private key that belongs to it: ssh-ed25519 "
     "SHA256:xCKE+I64z4bQtCpxmdOO7hpSUdpc6jfGGcflWT5Whtk"),
], ids=["garbled", "empty", "public"])
def test_an_identity_that_is_no_private_key(lab, content, text):
    path = lab.root / "key_file"
    path.write_text(content)
    path.chmod(0o600)
    check_all(with_identity(lab, path), 2, f"{path} {text}")


def test_an_identity_with_a_passphrase(lab):
    path = lab.root / "encrypted"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "secret", "-f", path], check=True)
    check_all(with_identity(lab, path), 2,
              f"{path} is encrypted, and culvert asks for no passphrase\n"
              f"culvert: hint: ssh-add {path}")


def test_an_identity_that_others_can_read(lab):
    path = make_key(lab.root / "open").path
    path.chmod(0o644)
    check_all(with_identity(lab, path), 2,
              f"{path}: permissions 0644 are too open\nculvert: hint: chmod 600 {path}")


@pytest.mark.parametrize("content, text", [
    ("tunels: {}\n", "1:1: unknown key 'tunels', did you mean 'tunnels'?"),
    ("tunnels:\n  mail:\n    sever: gw\n",
     "3:5: tunnels.mail: unknown key 'sever', did you mean 'server'?"),
    ("tunnels:\n  mail:\n    server: gw\n    forwards: 12345\n",
     "4:15: tunnels.mail.forwards: '12345' is not a list"),
    ("tunnels:\n  mail:\n    server: gw\n    compression: lzma\n",
     "4:18: tunnels.mail.compression: 'lzma' is not a compression; there are zstd, zlib and none"),
    ("tunnels: [\n", "1:10: a '[' that is not closed\n"
     "culvert: hint: write the line as: tunnels: []"),
])
def test_culvert_yaml_errors_have_a_place(lab, content, text):
    path = lab.root / "culvert.yaml"
    path.write_text(content)
    for command in ("check", "up"):
        check_all(lab.finish("culvert", command, "-c", path), 2, f"{path}:{text}")


def test_an_unknown_tunnel_is_named(lab):
    path = tunnels_file(lab, mail={"server": "gw", "forwards": [{"local": 0, "to": "a:1"}]})
    check(lab.finish("culvert", "up", "-c", path, "news"), 2, "news", "mail")


@pytest.mark.parametrize("content, text", [
    ("listen: [127.0.0.1:0]\nusres: {}\n", "2:1: unknown key 'usres', did you mean 'users'?"),
    ("users:\n  alice:\n    permit_opne: []\n",
     "3:5: users.alice: unknown key 'permit_opne', did you mean 'permit_open'?"),
    ("listen: [127.0.0.1:70000]\n",
     "1:10: listen[0]: '127.0.0.1:70000': the port is neither a number up to 65535 nor the name of a "
     "TCP service; the form is address:port, as in 127.0.0.1:2222, [::1]:2222 or *:2222"),
    ("listen: {}\n", "1:9: listen: a map, where a value or a list of them is expected"),
    ("users:\n  alice:\n    authorized_keys: [ssh-dss AAAA]\n",
     "3:23: users.alice.authorized_keys[0]: the ssh-dss key is garbled: a field of 4 bytes in a "
     "message with 3 left"),
])
def test_culvertd_yaml_errors_have_a_place(lab, content, text):
    path = lab.root / "culvertd.yaml"
    path.write_text(content)
    for flags in (["-t"], []):
        check_all(lab.finish("culvertd", *flags, "-c", path), 2, f"{path}:{text}")


@pytest.mark.parametrize("words, text", [
    (["--no-such-flag"], "unknown flag '--no-such-flag'\nculvertd: hint: --help lists the flags"),
    (["-c", "/no/such/culvertd.yaml"], "/no/such/culvertd.yaml: no such file"),
    (["-p", "70000", "--authorized-keys", "/dev/null"],
     "-p: '70000' is neither a number up to 65535 nor the name of a TCP service"),
    (["--listen", "127.0.0.1:0", "--authorized-keys", "/no/such/keys"],
     "/no/such/keys: no such file"),
])
def test_culvertd_says_what_is_wrong_with_what_was_written(lab, words, text):
    check_all(lab.finish("culvertd", *words), 2, text)


def test_a_good_configuration_passes_t_and_starts_nothing(lab):
    path = lab.root / "culvertd.yaml"
    path.write_text(f"listen: [127.0.0.1:1]\nhost_keys: [{lab.host_key.path}]\n"
                    f"users:\n  {USER}:\n    authorized_keys_files: [{lab.authorized_keys}]\n")
    done = lab.finish("culvertd", "-t", "-c", path)
    check(done, 0)
    assert "listening" not in done.stderr


def test_a_missing_host_key_is_only_announced_by_t(lab):
    path = lab.root / "culvertd.yaml"
    path.write_text(f"listen: [127.0.0.1:0]\nhost_keys: [{lab.root}/new_key]\n"
                    f"users:\n  {USER}:\n    authorized_keys_files: [{lab.authorized_keys}]\n")
    check(lab.finish("culvertd", "-t", "-c", path), 0, "new_key")
    assert not (lab.root / "new_key").exists()


def test_a_refused_connection(lab):
    holder, port = closed_port()
    with holder:
        check(lab.finish("culvert", "-F", "none", "-i", lab.user_key.path, "-p", port,
                         "-L", "0:localhost:80", DESTINATION), 1, rf"127\.0\.0\.1:{port}",
              "[Cc]onnection refused")


def test_a_host_without_an_address(lab):
    check(lab.finish("culvert", "-F", "none", "-i", lab.user_key.path, "-L", "0:localhost:80",
                     "somebody@no-such-host.invalid"), 1, "no-such-host.invalid")


def test_a_name_that_only_ssh_config_knows(lab):
    (lab.root / ".ssh").mkdir(exist_ok=True)
    (lab.root / ".ssh" / "config").write_text("Host mygw\n  HostName gw.example.com\n")
    check(lab.finish("culvert", "-i", lab.user_key.path, "-L", "0:localhost:80", "somebody@mygw"),
          1, r"line 1 of ~/\.ssh/config")


def test_a_name_that_ssh_config_knows_too(lab):
    """A block for a name that resolves is pointed at as well, unless -F none says that it needn't."""
    (lab.root / ".ssh").mkdir(exist_ok=True)
    (lab.root / ".ssh" / "config").write_text("Host 127.0.0.1\n  Port 2222\n")
    holder, port = closed_port()
    words = ("-i", lab.user_key.path, "-p", port, "-L", "0:localhost:80", DESTINATION)
    with holder:
        check(lab.finish("culvert", *words), 1, "[Cc]onnection refused",
              r"hint: line 1 of ~/\.ssh/config begins a Host block for 127\.0\.0\.1")
        assert "ssh/config" not in lab.finish("culvert", "-F", "none", *words).stderr


@pytest.mark.parametrize("words, text", [
    (("fe80::77", "0:h:1"), r"needs its interface: fe80::77%\S+"),
    (("-b", "fe80::77", "gw", "0:h:1"), r"needs its interface: fe80::77%\S+"),
    (("-L", "[fe80::77]:0:h:1", "gw"), r"needs its interface: fe80::77%\S+"),
])
def test_a_link_local_address_needs_its_interface(lab, words, text):
    check(lab.finish("culvert", *words), 2, text)


@pytest.mark.parametrize("words", [
    ("fe80::77%nope0", "-L", "0:h:1"),
    ("-b", "fe80::77%nope0", "127.0.0.1", "-L", "0:h:1"),
])
def test_an_interface_that_is_not_there(lab, words):
    check(lab.finish("culvert", "-F", "none", "-i", lab.user_key.path, *words), 1,
          "no interface nope0")


@pytest.mark.parametrize("listen, status, text", [
    ("[fe80::77]:0", 2, r"needs its interface: fe80::77%\S+"),
    ("[fe80::77%nope0]:0", 1, "no interface nope0"),
])
def test_culvertd_listens_on_a_link_local_address_of_an_interface(lab, listen, status, text):
    check(lab.finish("culvertd", "--listen", listen, "--authorized-keys", lab.authorized_keys,
                     "--host-key", lab.root / "host_key"), status, text)


def test_a_server_that_is_not_ssh(lab):
    """Its first line is shown."""
    def greet(connection):
        connection.sendall(b"+OK \x1b[31mPOP3 ready\r\n")
        connection.shutdown(socket.SHUT_WR)
        streams.receive_to_end(connection)

    target = lab.target(greet)
    check(lab.finish("culvert", "-F", "none", "-i", lab.user_key.path, "-p", target.port,
                     "-L", "0:localhost:80", DESTINATION), 1, r"\+OK [^\x1b]+POP3 ready")


def test_a_server_that_greets_and_waits_is_not_ssh(lab):
    """As a POP3 server does: nobody closes, and the time for a connection ends it."""
    def greet(connection):
        connection.sendall(b"+OK POP3 ready\r\n")
        streams.receive_to_end(connection)

    target = lab.target(greet)
    check(lab.finish("culvert", "-F", "none", "-i", lab.user_key.path, "-p", target.port,
                     "-o", "ConnectTimeout=1", "-L", "0:localhost:80", DESTINATION),
          1, r"not an SSH server: it said \"\+OK POP3 ready\"")


def test_a_reset_before_the_banner_is_named(lab):
    """As firewalls answer: connect() may tell already, or sending, or receiving."""
    def slam(connection):
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    target = lab.target(slam)
    for _ in range(20):
        check(lab.finish("culvert", "-F", "none", "-i", lab.user_key.path, "-p", target.port,
                         "-L", "0:localhost:80", DESTINATION),
              1, "(reset|closed) before the server said anything: a firewall or proxy|"
              "connection reset at once, maybe by a firewall")


def test_a_denied_forward_says_whose_rules_to_look_at(lab):
    server = start_sshd(lab, AllowTcpForwarding="no")
    target = lab.target(echo)
    tunnel = start_culvert(lab, server, [target])
    with streams.connect(tunnel.addresses[0]) as connection:
        streams.receive_to_end(connection)
    tunnel.process.wait_for_line("not opened: administratively prohibited: ")
    tunnel.process.wait_for_line("hint: .*AllowTcpForwarding")


def test_what_culvertd_denies_is_in_its_log(lab):
    """A login with a key that it doesn't know, a shell, a remote forward."""
    server = start_culvertd(lab, flags=())
    other = make_key(lab.root / "other_key")
    lab.finish("culvert", *culvert_words(lab, server, ["127.0.0.1:1"], identity=other.path,
                                         flags=())[1:])
    server.process.wait_for_line(f"not let in: {USER} with ssh-ed25519 "
                                 + re.escape(other.fingerprint))
    subprocess.run([*map(str, ssh_words(lab, server)), "-T", "true"], env=lab.env,
                   stdin=subprocess.DEVNULL, capture_output=True, timeout=DEADLINE, check=False)
    server.process.wait_for_line(f"{USER}.*asked for a channel of type session: denied")
    subprocess.run([*map(str, ssh_words(lab, server)), "-o", "ExitOnForwardFailure=yes", "-N",
                    "-R", "0:localhost:80"], env=lab.env, stdin=subprocess.DEVNULL,
                   capture_output=True, timeout=DEADLINE, check=False)
    server.process.wait_for_line(f"{USER}.*asked for a remote forward .*: denied")


def test_check_reads_the_identity_files(lab):
    path = tunnels_file(lab, mail={"server": "gw", "identity": "/no/such/key",
                                   "forwards": [{"local": 0, "to": "a:1"}]})
    check(lab.finish("culvert", "check", "-c", path), 2, "/no/such/key")


@pytest.mark.parametrize("start", [start_sshd, start_culvertd], ids=["sshd", "culvertd"])
def test_refused_authentication_says_which_key_was_tried(lab, start):
    server = start(lab)
    other = make_key(lab.root / "other_key")
    done = lab.finish("culvert", *culvert_words(lab, server, ["127.0.0.1:1"],
                                                identity=other.path, flags=())[1:])
    check(done, 1, "accepted", re.escape(other.fingerprint))
    if server.process.name == "culvertd":
        server.process.wait_for_line(re.escape(other.fingerprint))


@pytest.mark.parametrize("name", ["culvert", "culvertd"])
def test_a_port_in_use_is_named(lab, name):
    with socket.create_server(("127.0.0.1", 0)) as holder:
        port = holder.getsockname()[1]
        if name == "culvertd":
            done = lab.finish("culvertd", "--listen", f"127.0.0.1:{port}", "--host-key",
                              lab.host_key.path, "--authorized-keys", lab.authorized_keys)
        else:
            words = culvert_words(lab, start_culvertd(lab), [], flags=())[1:]
            done = lab.finish("culvert", *words, "-L", f"127.0.0.1:{port}:localhost:80")
        check(done, 1, rf"127\.0\.0\.1:{port}.*in use")


def test_without_exit_on_forward_failure_the_other_forwards_go_on(lab):
    server = start_culvertd(lab)
    with socket.create_server(("127.0.0.1", 0)) as holder:
        taken = f"127.0.0.1:{holder.getsockname()[1]}:localhost:80"
        words = culvert_words(lab, server, ["127.0.0.1:1"], flags=())
        process = lab.run("culvert", [*words, "-L", taken])
        process.wait_for_line("^culvert: connected to")
        process.wait_for_line("in use")
        process.wait_for_line("^culvert: forwarding .* -> 127.0.0.1:1$")

        strict = culvert_words(lab, server, ["127.0.0.1:1"], flags=(), ExitOnForwardFailure="yes")
        check(lab.finish("culvert", *strict[1:], "-L", taken), 1, "in use")


def test_up_ends_when_no_tunnel_is_left(lab):
    """A refused key ends a tunnel for good; `up` keeps the others, and ends with the last."""
    server = start_culvertd(lab)
    other = make_key(lab.root / "other_key")
    refused = tunnel_settings(lab, server, ["127.0.0.1:1"], identity=str(other.path))
    good = tunnel_settings(lab, server, ["127.0.0.1:1"])
    check(lab.finish("culvert", "up", "-c", tunnels_file(lab, bad=refused)), 1)

    both = run_culvert(lab, "up", "-c", tunnels_file(lab, bad=refused, good=good))
    both.wait_for_line(re.escape(other.fingerprint))
    both.wait_for_line("^culvert: connected to")
    assert both.running()
