"""SIGHUP has `culvert up` read its file again: what is the same goes on, the rest follows it."""

import json
import signal

import pytest

from harness import streams
from harness.listening import listener_inode, wait_until_closed
from harness.peers import (LOOPBACK, forwarded, run_culvert, start_culvertd, tunnel_settings,
                           tunnels_file)
from harness.target import echo, free_port

pytestmark = pytest.mark.short

HOLDS = "SIGHUP: the new configuration holds: "
STAYS = "SIGHUP: the configuration stays as it was: "


class Up:
    """`culvert up` with these tunnels, all connected."""

    def __init__(self, lab, *words, **tunnels):
        self.path = tunnels_file(lab, **tunnels)
        self.process = run_culvert(lab, "up", "-c", self.path, *words)
        for name in words or tunnels:
            self.process.wait_for_line(rf"^culvert: connected to .* \[{name}\]$")

    def write(self, text):
        """The file from now on, and where the log ends before culvert knows."""
        self.path.write_text(text)
        mark = self.process.mark()
        self.process.signal(signal.SIGHUP)
        return mark

    def reload(self, expected, *, top=None, **tunnels):
        mark = self.write(json.dumps({**(top or {}), "tunnels": tunnels}))
        self.process.wait_for_line(expected, since=mark)
        return mark


@pytest.fixture(name="server")
def running_server(lab):
    return start_culvertd(lab)


def listening_on(port, target):
    return [{"local": f"{LOOPBACK}:{port}", "to": str(target)}]


def test_an_untouched_tunnel_keeps_its_listeners_and_streams(lab, server):
    target = lab.target(echo)
    mail = tunnel_settings(lab, server, [target])
    up = Up(lab, mail=mail)
    address = forwarded(up.process, target)
    inode = listener_inode(address[1])
    with streams.connect(address) as connection:
        assert streams.echoes(connection)
        for count in range(3):
            other = tunnel_settings(lab, server, [lab.target(echo)])
            mark = up.reload(f"{HOLDS}1 tunnel unchanged, 1 started, 0 restarted, {min(count, 1)} "
                             "removed", **{"mail": mail, f"other{count}": other})
            up.process.wait_for_line(rf"^culvert: connected to .* \[other{count}\]$", since=mark)
            assert streams.echoes(connection)
    assert listener_inode(address[1]) == inode
    assert len(up.process.matching(r"connected to .* \[mail\]$")) == 1


def test_a_removed_tunnel_lets_its_streams_end(lab, server):
    target = lab.target(echo)
    mail = tunnel_settings(lab, server, [target])
    news = tunnel_settings(lab, server, [lab.target(echo)])
    up = Up(lab, mail=mail, news=news)
    address = forwarded(up.process, target)
    with streams.connect(address) as connection:
        assert streams.echoes(connection)
        up.reload(f"{HOLDS}1 tunnel unchanged, 0 started, 0 restarted, 1 removed", news=news)
        wait_until_closed(address, streams.DEADLINE)
        data = streams.payload("the rest", 300_000)
        assert streams.exchange(connection, data) == streams.clean(data)
    up.process.signal(signal.SIGTERM)
    assert up.process.wait() == 0


def test_a_removed_tunnel_has_the_time_of_drain(lab, server):
    target = lab.target(echo)
    news = tunnel_settings(lab, server, [lab.target(echo)])
    up = Up(lab, mail=tunnel_settings(lab, server, [target]), news=news)
    with streams.connect(forwarded(up.process, target)) as connection:
        assert streams.echoes(connection)
        up.reload(HOLDS, top={"drain": "100ms"}, news=news)
        assert streams.receive_to_end(connection).ending == "reset"


def test_a_changed_tunnel_starts_anew_on_the_same_port(lab, server):
    """Its port is free for the new one at once, and what it carries may end."""
    before, after = lab.target(echo), lab.target(lambda c: c.sendall(b"another target"))
    port = free_port()
    settings = tunnel_settings(lab, server, [])
    up = Up(lab, mail={**settings, "forwards": listening_on(port, before)})
    with streams.connect((LOOPBACK, port)) as connection:
        assert streams.echoes(connection)
        mark = up.reload(f"{HOLDS}0 tunnels unchanged, 0 started, 1 restarted, 0 removed",
                         mail={**settings, "forwards": listening_on(port, after)})
        up.process.wait_for_line(rf"^culvert: forwarding {LOOPBACK}:{port} -> {after} \[mail\]$",
                                 since=mark)
        up.process.wait_for_line(r"^culvert: connected to .* \[mail\]$", since=mark)
        with streams.connect((LOOPBACK, port)) as another:
            assert streams.receive_exactly(another, 14) == b"another target"
        assert streams.echoes(connection)
    assert not up.process.matching("in use")


def test_ports_may_change_hands(lab, server):
    """From one tunnel to another, which are both changed by that; and to a new one."""
    first, second = lab.target(lambda c: c.sendall(b"1")), lab.target(lambda c: c.sendall(b"2"))
    ports = free_port(), free_port()
    settings = tunnel_settings(lab, server, [])

    def listening(port, target):
        return {**settings, "forwards": listening_on(port, target)}

    up = Up(lab, mail=listening(ports[0], first), news=listening(ports[1], second))
    for names in (("mail", "news"), ("web", "news")):
        mark = up.reload(HOLDS, **{names[0]: listening(ports[1], first),
                                   names[1]: listening(ports[0], second)})
        for name in names:
            if name != "news" or names[0] == "mail":
                up.process.wait_for_line(rf"^culvert: connected to .* \[{name}\]$", since=mark)
        for port, answer in ((ports[1], b"1"), (ports[0], b"2")):
            with streams.connect((LOOPBACK, port)) as connection:
                assert streams.receive_exactly(connection, 1) == answer
    assert not up.process.matching("in use")



@pytest.mark.parametrize("text, why", [
    ("tunnels: [", "not closed"),
    ("tunels: {}", "tunels"),
    ("tunnels: {}", "no tunnel"),
    ('{"tunnels": {"news": {"server": "gw", "forwards": [{"local": 0, "to": "a:1"}]}}}',
     "no tunnel 'mail'"),
    ('{"tunnels": {"mail": {"server": "gw", "identity": "/no/such/key", '
     '"forwards": [{"local": 0, "to": "a:1"}]}}}', "/no/such/key"),
    (None, "no such file"),
])
def test_a_bad_file_changes_nothing(lab, server, text, why):
    target = lab.target(echo)
    up = Up(lab, "mail", mail=tunnel_settings(lab, server, [target]))
    address = forwarded(up.process, target)
    with streams.connect(address) as connection:
        assert streams.echoes(connection)
        if text is None:
            up.path.unlink()
            mark = up.process.mark()
            up.process.signal(signal.SIGHUP)
        else:
            mark = up.write(text)
        up.process.wait_for_line(rf"{STAYS}.*{why}", since=mark)
        assert streams.echoes(connection)
        with streams.connect(address) as another:
            assert streams.echoes(another)
    assert len(up.process.matching("connected to")) == 1


def test_a_tunnel_that_had_ended_starts_again(lab, server):
    """What was wrong is mended outside of the file."""
    known = lab.known_hosts(server.port, None)
    good = tunnel_settings(lab, server, [lab.target(echo)])
    bad = tunnel_settings(lab, server, [lab.target(echo)], known_hosts=[str(known)],
                          batch_mode=True)
    process = run_culvert(lab, "up", "-c", tunnels_file(lab, good=good, bad=bad))
    process.wait_for_line(r"host key unknown.*; the tunnel has ended \[bad\]$")
    process.wait_for_line(r"^culvert: connected to .* \[good\]$")
    known.write_text(lab.known_hosts(server.port, server.host_key).read_text())
    process.signal(signal.SIGHUP)
    process.wait_for_line(rf"{HOLDS}1 tunnel unchanged, 0 started, 1 restarted, 0 removed")
    process.wait_for_line(r"^culvert: connected to .* \[bad\]$")


def test_a_tunnel_that_waits_for_its_server_can_be_mended(lab, server):
    wrong = tunnel_settings(lab, server, ["127.0.0.1:1"])
    wrong["server"] = wrong["server"].rpartition(":")[0] + f":{free_port()}"
    process = run_culvert(lab, "up", "-c", path := tunnels_file(lab, mail=wrong))
    process.wait_for_line("refused.*next try", times=2)
    path.write_text(json.dumps({"tunnels": {
        "mail": tunnel_settings(lab, server, ["127.0.0.1:1"])}}))
    process.signal(signal.SIGHUP)
    process.wait_for_line(r"^culvert: connected to .* \[mail\]$")


def test_it_reloads_as_often_as_it_is_told(lab, server):
    """Back and forth, faster than connections come up."""
    target = lab.target(echo)
    settings = {kind: tunnel_settings(lab, server, [target], compression=kind, connections=3)
                for kind in ("none", "zlib")}
    up = Up(lab, mail=settings["none"])
    for count in range(20):
        up.reload(HOLDS, mail=settings[("zlib", "none")[count % 2]])
    mark = up.reload(HOLDS, mail=settings["zlib"])
    address = forwarded(up.process, target, since=mark)
    up.process.wait_for_line(r"^culvert: connected to .* \[mail\]$", since=mark)
    with streams.connect(address) as connection:
        assert streams.echoes(connection)
        up.process.signal(signal.SIGTERM)
        up.process.wait_for_line("SIGTERM: a stream is still open")
        up.process.signal(signal.SIGHUP)  # neither a second SIGTERM nor a reload
        assert streams.echoes(connection)
    assert up.process.wait() == 0
