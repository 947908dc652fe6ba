"""What the programs keep secret stays in their memory."""

import pytest

from harness.peers import start_culvert, start_culvertd

pytestmark = pytest.mark.short


def test_a_crash_leaves_no_core(lab):
    server = start_culvertd(lab)
    tunnel = start_culvert(lab, server, ["127.0.0.1:1"])
    for process in (server.process, tunnel.process):
        with open(f"/proc/{process.pid}/limits", encoding="ascii") as limits:
            line = next(one for one in limits if one.startswith("Max core file size"))
        assert line.split()[4:6] == ["0", "0"]
