"""SIGHUP: culvertd takes a new configuration, or keeps the old one and says why."""

import json
import signal

import pytest

from harness import streams
from harness.keys import make_key
from harness.peers import USER, culvert_words, run_culvert, start_culvert, start_culvertd
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
