"""What culvert makes of its words, beside what ssh makes of them: both print it with -G."""

import subprocess

import pytest

from harness.peers import SSH, program
from harness.process import DEADLINE

pytestmark = pytest.mark.short


class Settings:
    """What a program's -G printed; nothing where it refused the words."""

    def __init__(self, lab, binary, words):
        done = subprocess.run([binary, "-F", "none", "-G", *words], env=lab.env, text=True,
                              capture_output=True, timeout=DEADLINE)
        assert done.returncode in (0, 2, 255), done  # ours ends with 2, ssh with 255
        self.taken = done.returncode == 0
        self.text = done.stdout + done.stderr
        self._lines = [line.split(" ", 1) for line in done.stdout.splitlines() if " " in line]

    def of(self, name):
        return [value for key, value in self._lines if key == name]


def ours(lab, *words):
    return Settings(lab, program("CULVERT_BIN"), words)


def theirs(lab, *words):
    return Settings(lab, SSH, words)


def forward_of(settings):
    """The one forward of -L. ssh, too, takes an empty address for every one."""
    return [line.replace("[]:", "[*]:", 1) for line in settings.of("localforward")]


def agree(lab, name, *words):
    one, other = ours(lab, *words), theirs(lab, *words)
    assert one.taken and other.taken, one.text + other.text
    assert one.of(name) == other.of(name) != [], words


AES, CHACHA = "aes256-gcm@openssh.com", "chacha20-poly1305@openssh.com"
FORWARD = ("-L", "1:h:2")
HOST = (*FORWARD, "gw")


@pytest.mark.parametrize("name, words", [
    ("addressfamily", ("-4", "-6")),
    ("addressfamily", ("-o", "AddressFamily=inet", "-6")),
    ("addressfamily", ("-6", "-o", "AddressFamily=inet")),
    ("compression", ("-o", "Compression=no", "-C")),
    ("compression", ("-C", "-o", "Compression=no")),
    ("compression", ("-o", "Compression=no", "-o", "Compression=yes")),
    ("ciphers", ("-c", CHACHA, "-c", AES)),
    ("ciphers", ("-o", f"Ciphers={AES}", "-c", CHACHA)),
    ("ciphers", ("-c", CHACHA, "-o", f"Ciphers={AES}")),
    ("ciphers", ("-o", f"Ciphers={CHACHA}", "-o", f"Ciphers={AES}")),
    ("bindaddress", ("-b", "127.0.0.1", "-b", "127.0.0.2")),
    ("bindaddress", ("-o", "BindAddress=127.0.0.1", "-b", "127.0.0.2")),
    ("user", ("-l", "a", "-l", "b")),
    ("user", ("-l", "a", "-o", "User=b")),
    ("user", ("-o", "User=b", "-l", "a")),
    ("port", ("-p", "1", "-p", "2")),
    ("port", ("-p", "1", "-o", "Port=2")),
    ("port", ("-o", "Port=2", "-p", "1")),
])
def test_the_same_word_holds(lab, name, words):
    agree(lab, name, *words, *HOST)


@pytest.mark.parametrize("destination", [
    "ssh://a%40b@gw", "ssh://u;fingerprint=x@gw", "ssh://u;x=@gw:22", "ssh://u%25@gw:2222",
    "ssh://a%2fb@gw/", "a%40b@gw", "a@b@gw", "ssh://first%20last@gw", "first last@gw",
    "ssh://a+b@gw", "a\\b@gw", "a$b@gw", "127.1", "0177.0.0.1", "0x7f000001", "2130706433", "0",
    "0:0:0:0:0:0:0:1", "::0001", "::1%1", "::ffff:7f00:1", "fe80::77%1", "FE80:0::77%lo", "GW.Example",
    "127.0.0.1.", "LOCALHOST."])
def test_a_destination_names_the_same_user(lab, destination):
    for name in ("user", "hostname", "port"):
        agree(lab, name, *FORWARD, destination)


@pytest.mark.parametrize("destination", [
    "ssh://a%00b@gw", "ssh://a%0ab@gw", "ssh://a%2@gw", "ssh://a%zz@gw", "ssh://@gw", "ssh://;x@gw",
    "ssh://a@b@gw", "ssh://gw%2ecom", "ssh://gw/path", "ssh://%2dx@gw", "a;b@gw", "o'b@gw",
    "a -b@gw", "a\\@gw", "a\x01b@gw"])
def test_a_destination_is_refused_by_both(lab, destination):
    assert not theirs(lab, *FORWARD, destination).taken
    assert not ours(lab, *FORWARD, destination).taken


@pytest.mark.parametrize("name, option", [
    ("rekeylimit", "RekeyLimit=1G none"), ("rekeylimit", "RekeyLimit=16M 2h"),
    ("serveraliveinterval", "ServerAliveInterval=none"),
    ("serveralivecountmax", "ServerAliveCountMax=0"),
    ("serveraliveinterval", "ServerAliveCountMax=0"),
    ("hostname", "HostName=%h.example.com"), ("hostname", "HostName=a%%b"),
    ("userknownhostsfile", "UserKnownHostsFile=/a/%h-%n-%r-%p-%k-%u /b/%%"),
    ("bindaddress", "BindAddress=127.0.0.1"),
    ("userknownhostsfile", 'UserKnownHostsFile="/x/My Files/kh" /b'),
    ("userknownhostsfile", r"UserKnownHostsFile=/x/My\ Files/kh"),
    ("userknownhostsfile", "UserKnownHostsFile '/a b' \"/c d\""),
    ("identityfile", "IdentityFile='/x/My Keys/id'"),
    ("user", 'User="first last"'), ("port", "Port='22'"), ("port", "Port=22 # ours"),
    ("hostname", "HostName=127.1"), ("hostname", "HostName=%h.EXAMPLE.com"),
    ("userknownhostsfile", r'UserKnownHostsFile=a\"b "c\\d" e\f'),
])
def test_an_option_means_the_same(lab, name, option):
    agree(lab, name, "-o", option, "-p", "2222", *FORWARD, "alice@gw")


@pytest.mark.parametrize("option", [
    "IdentityFile=none", "RekeyLimit=0", "RekeyLimit=default none", "ConnectTimeout=0",
    "ConnectTimeout=none", f"Ciphers=+{AES}", f"Ciphers=^{AES}", "Ciphers=-aes*,3des-cbc",
    "KexAlgorithms=-curve25519-sha256", "IdentityFile=%d/%h", "CheckHostIP=no", "UpdateHostKeys=ask",
    "GSSAPIAuthentication=no", "PreferredAuthentications=publickey", "ProxyCommand=none",
    "StdinNull=yes", "IPQoS=lowdelay throughput", "VisualHostKey=yes", "AddKeysToAgent=no",
    "EscapeChar=none", "SendEnv=LANG LC_*", "Protocol=2", "ProxyJump=none", "Tunnel=no",
    "HostKeyAlgorithms=+ssh-rsa", "RequestTTY=auto", "ForwardX11Trusted=no"])
def test_an_option_is_taken_by_both(lab, option):
    assert theirs(lab, "-o", option, *HOST).taken
    assert ours(lab, "-o", option, *HOST).taken


@pytest.mark.parametrize("option", [
    "RekeyLimit=none", "RekeyLimit=5", "HostName=%n.y", "Ciphers=+foo", "Ciphers=aes256-gcm*",
    f"Ciphers={AES},foo", 'UserKnownHostsFile="/a', "IdentityFile='/a b", "IdentityFile=/a b",
    "User=a b", 'Port=""', "User='a;b'"])
def test_an_option_is_refused_by_both(lab, option):
    assert not theirs(lab, "-o", option, *HOST).taken
    assert not ours(lab, "-o", option, *HOST).taken


@pytest.mark.parametrize("forward", [
    "1:h:2", "localhost:1:h:2", "127.0.0.1:1:h:2", ":1:h:2", "*:1:h:2", "[]:1:h:2", "[*]:1:h:2",
    "[::1]:1:h:2", "[h]:1:h:2", "1:[h]:2", "1:[::1]:2", "[::1]:1:[::1]:2", "1:h:pop3", "pop3:h:2",
    "01:h:02", "[fe80::1%lo]:1:h:2"])
def test_a_forward_is_read_alike(lab, forward):
    one, other = ours(lab, "-L", forward, "gw"), theirs(lab, "-L", forward, "gw")
    assert one.taken and other.taken, one.text + other.text
    written = forward_of(one)
    if forward.startswith("localhost:"):  # which is where culvert listens anyway
        written = [f"[localhost]:{line}" for line in written]
    assert written == forward_of(other) != []


@pytest.mark.parametrize("forward", [
    "", "1", "1:2", "1:h", "1:h:", "1:h:0", "1:h:65536", "65536:h:1", "-1:h:1", "1:h:2x", "1:h:2:3:4",
    "1/h/2", "[::1]/1/h/2", "127.0.0.1/1/h/2", "1 h 2", "1:h:2 ", "::1:1:h:2", "1:fe80::1:2",
    "1:[::1:2", "1:[::1]2", "h:/socket"])
def test_a_forward_is_refused_by_both(lab, forward):
    assert not theirs(lab, "-L", forward, "gw").taken
    assert not ours(lab, "-L", forward, "gw").taken


# What ssh takes and can't carry is refused at once; unix sockets and brackets around ports are
# culvert's limits.
@pytest.mark.parametrize("forward", [
    "1::2", "1:[]:2", "1:*:2", "1:-h:2", "1:a b:2", "/socket:/other", "1:/socket", "/socket:h:1",
    "[1]:h:2", "1:h:[2]", "+1:h:2", " 1:h:2"])
def test_a_forward_that_only_ssh_takes(lab, forward):
    assert theirs(lab, "-L", forward, "gw").taken
    assert not ours(lab, "-L", forward, "gw").taken


def test_a_free_port_is_for_culvert_alone(lab):
    assert not theirs(lab, "-L", "0:h:1", "gw").taken
    assert ours(lab, "-L", "0:h:1", "gw").of("localforward") == ["0 [h]:1"]
