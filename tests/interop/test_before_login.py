"""What a client sends before it has logged in reaches nobody: no name is looked up, no socket opened
(CVE-2025-32433).
"""

import pytest

from harness import streams
from harness.libraries import with_asyncssh
from harness.names import WatchedNames
from harness.peers import LOOPBACK, start_culvert, start_culvertd
from harness.target import echo

pytestmark = pytest.mark.short


@pytest.mark.parametrize("message", ["80", "90", "94", "98"])
def test_a_message_of_the_connection_protocol_ends_the_connection(lab, message):
    names = lab.keep(WatchedNames(lab))
    target = lab.target(echo)
    server = start_culvertd(lab, wrapper=names.wrapper)
    hostile = lab.run("asyncssh", [*with_asyncssh(), "hasty", LOOPBACK, server.port,
                                   server.host_key.public_line, message, "live.example.com",
                                   target.port])
    hostile.wait_for_line(f"the server ended it: message {message} before authentication")
    server.process.wait_for_line(f"message {message} before authentication")
    assert not server.process.matching("logged in")

    # The next one is served, and its connection is the first that the target sees.
    tunnel = start_culvert(lab, server, [f"live.example.com:{target.port}"])
    assert names.so_far() == []
    with streams.connect(tunnel.addresses[0]) as connection:
        assert streams.echoes(connection, b"first")
    assert target.result() == len(b"first")
    assert target.results_so_far() == []
    assert names.so_far() == ["live.example.com"]
