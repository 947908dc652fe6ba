"""SIGHUP: culvertd takes a new configuration, or keeps the old one and says why."""

import json
import re
import signal
import subprocess
import threading

import pytest

from harness import streams
from harness.keys import make_key
from harness.peers import USER, culvert_words, run_culvert, start_culvert, start_culvertd
from harness.preload import preloaded
from harness.process import DEADLINE
from harness.target import echo

pytestmark = pytest.mark.short


@pytest.fixture
def server(lab):
    return start_culvertd(lab)


def config_file(server):
    return server.process.argv[server.process.argv.index("-c") + 1]


def reload(server, change, expected):
    """Changes the configuration, and waits for the line that says what came of it."""
    path = config_file(server)
    with open(path, encoding="utf-8") as file:
        config = json.load(file)
    change(config)
    with open(path, "w", encoding="utf-8") as file:
        json.dump(config, file)
    mark = server.process.mark()
    server.process.signal(signal.SIGHUP)
    return server.process.wait_for_line(expected, since=mark)


def test_a_new_user_gets_in_and_open_streams_go_on(lab, server):
    other = make_key(lab.root / "other_key")
    words = culvert_words(lab, server, ["127.0.0.1:1"], identity=other.path, flags=())[1:]
    assert lab.finish("culvert", *words).returncode == 1
    tunnel = start_culvert(lab, server, [lab.target(echo)])
    with streams.connect(tunnel.addresses[0]) as connection:
        assert streams.echoes(connection)
        reload(server, lambda config: config["users"][USER].update(
            authorized_keys_files=[], authorized_keys=[other.public_line]), "new configuration")
        assert streams.echoes(connection)
    run_culvert(lab, *words).wait_for_line("^culvert: connected to")


def test_a_configuration_with_an_error_changes_nothing(lab, server):
    reload(server, lambda config: config.update(lisen=[]), "stays as it was: .*lisen")
    start_culvert(lab, server, [lab.target(echo)])


def test_addresses_come_and_go(lab, server):
    """The port of the first stays bound all the time."""
    mark = server.process.mark()
    reload(server, lambda config: config.update(listen=["127.0.0.1:0", "127.0.0.2:0"]),
           "new configuration")
    second = server.process.wait_for_line(r"listening on 127\.0\.0\.2:(\d+)$", since=mark)
    with streams.connect(("127.0.0.2", int(second.group(1)))) as connection:
        assert connection.recv(4) == b"SSH-"
    reload(server, lambda config: config.update(listen=["127.0.0.2:0"]),
           f"no longer listening on 127.0.0.1:{server.port}$")
    with pytest.raises(ConnectionRefusedError):
        streams.connect(server.address)


def test_an_address_that_cannot_be_had_changes_nothing(lab, server):
    reload(server, lambda config: config.update(listen=["192.0.2.1:0"]), "stays as it was: .*192")
    start_culvert(lab, server, [lab.target(echo)])


def test_a_reload_that_the_system_fails_changes_nothing(lab):
    """No settings of the log either: these would hide the line."""
    is_full = lab.root / "full"
    server = start_culvertd(lab, wrapper=preloaded(lab, "full_epoll", EPOLL_IS_FULL=is_full))
    is_full.touch()
    reload(server, lambda config: config.update(listen=["127.0.0.2:0"], log={"level": "off"}),
           "stays as it was: .*No space left on device")
    is_full.unlink()
    start_culvert(lab, server, [lab.target(echo)])
    reload(server, lambda config: config.update(listen=["127.0.0.2:0"], log={}),
           f"no longer listening on 127.0.0.1:{server.port}$")


# ---------------------------------------------------------------------------- the host key

def test_a_host_key_that_is_gone_is_not_made_anew(lab, server):
    mine = make_key(lab.folder("mine") / "host_key")
    reload(server, lambda config: config.update(host_keys=[str(mine.path)]),
           re.escape(f"the host key changes from {lab.host_key.fingerprint} to "
                     f"{mine.fingerprint}") + "$")
    mine.path.unlink()
    mine.path.with_name("host_key.pub").unlink()
    reload(server, lambda config: None,
           f"the configuration stays as it was: the host key {mine.path} is missing$")
    assert list(mine.path.parent.iterdir()) == []
    missing = mine.path.with_name("never_there")
    reload(server, lambda config: config.update(host_keys=[str(missing)]), f"{missing} is missing$")
    assert list(mine.path.parent.iterdir()) == []
    scanned = subprocess.run(["ssh-keyscan", "-t", "ed25519", "-p", str(server.port), "127.0.0.1"],
                             capture_output=True, text=True, timeout=DEADLINE, check=False)
    assert mine.public_line in scanned.stdout  # the key from before


def test_a_connection_goes_on_with_the_host_key_that_it_began_with(lab):
    """Each rekey is signed by it: a client leaves for another one."""
    server = start_culvertd(lab, config={"rekey_limit": 64 * 1024})
    tunnel = start_culvert(lab, server, [lab.target(echo)])
    other = make_key(lab.folder("other") / "host_key")
    with streams.connect(tunnel.addresses[0]) as connection:
        mark = server.process.mark()
        reload(server, lambda config: config.update(host_keys=[str(other.path)]),
               "the host key changes from")
        for _ in range(40):
            assert streams.echoes(connection, bytes(16 * 1024))
        server.process.wait_for_line(": rekeyed", since=mark, times=2)
        assert streams.echoes(connection)
        words = culvert_words(lab, server, ["127.0.0.1:1"], flags=())[1:]
        refused = lab.finish("culvert", *words)
        assert refused.returncode == 1
        assert other.fingerprint in refused.stderr
        assert streams.echoes(connection)


# ---------------------------------------------------------------------------- files of users

def test_a_user_with_a_bad_file_stops_nobody_else_from_going(lab, server):
    """And the one who was taken out is out."""
    words = culvert_words(lab, server, ["127.0.0.1:1"], flags=())[1:]
    gone = lab.root / "gone"
    other = make_key(lab.root / "other_key")
    reload(server, lambda config: config.update(users={
        "bob": {"authorized_keys_files": [str(gone)]},
        "carol": {"authorized_keys": [other.public_line]}}),
           "bob can't log in with this file: .*/gone: no such file$")
    server.process.wait_for_line("new configuration")
    assert lab.finish("culvert", *words).returncode == 1
    server.process.signal(signal.SIGTERM)
    assert server.process.wait() == 0
    again = lab.run("culvertd", server.process.argv)
    again.wait_for_line("bob can't log in")
    again.wait_for_line("listening on")


# ---------------------------------------------------------------------------- addresses

class Knocking:
    """Connects again and again, and counts what is refused."""

    def __init__(self, address):
        self._address = address
        self._over = threading.Event()
        self.tries = 0
        self.refused = 0
        self._thread = threading.Thread(target=self._knock)
        self._thread.start()

    def _knock(self):
        while not self._over.is_set():
            self.tries += 1
            try:
                with streams.connect(self._address):
                    pass
            except OSError:
                self.refused += 1

    def close(self):
        self._over.set()
        self._thread.join()


@pytest.mark.parametrize("before, after", [
    ("127.0.0.1", "*"), ("*", "127.0.0.1"), ("127.0.0.1", "localhost"), ("localhost", "0.0.0.0"),
    ("0.0.0.0", "*"), ("*", "localhost")])
def test_a_port_that_stays_never_closes(lab, server, before, after):
    def listen(*hosts):
        return lambda config: config.update(
            listen=[f"{host}:{server.port}" for host in hosts],
            limits={"max_startups": "9000:1:9000", "unauthenticated_per_source": 9000})

    reload(server, listen(before), "new configuration")
    knocking = lab.keep(Knocking(server.address))
    for _ in range(5):
        reload(server, listen(after), "new configuration")
        reload(server, listen(before), "new configuration")
    reload(server, listen(after), "new configuration")
    knocking.close()
    assert knocking.tries > 0 and knocking.refused == 0
    start_culvert(lab, server, [lab.target(echo)])


def test_an_address_that_another_one_covers_is_said(lab, server):
    port = server.port
    reload(server, lambda config: config.update(listen=[f"127.0.0.1:{port}", f"*:{port}"]),
           rf"listen: \*:{port} covers 127\.0\.0\.1:{port}$")
    server.process.wait_for_line("new configuration")
    assert not server.process.matching("no longer listening")
    reload(server, lambda config: config.update(listen=[f"127.0.0.1:{port}"]),
           rf"no longer listening on 0\.0\.0\.0:{port}$")
    start_culvert(lab, server, [lab.target(echo)])
    server.process.signal(signal.SIGTERM)
    assert server.process.wait() == 0
    twice = lab.run("culvertd", [server.process.argv[0], "--authorized-keys", lab.authorized_keys,
                                 "--host-key", lab.host_key.path, "--listen", f"[::]:{port}",
                                 "--listen", f"[::1]:{port}", "--listen", f"127.0.0.1:{port}",
                                 "--listen", f"127.0.0.1:{port}"])
    twice.wait_for_line(rf"listen: \[::\]:{port} covers \[::1\]:{port}$")
    twice.wait_for_line(rf"listen: 127\.0\.0\.1:{port} is there twice$")
    twice.wait_for_line(rf"listening on 127\.0\.0\.1:{port}$")
