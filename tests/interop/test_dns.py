"""A name that no server answers for delays nobody but whoever asked for it."""

import concurrent.futures

import pytest

from harness import streams
from harness.names import WatchedNames
from harness.peers import start_culvert, start_culvertd
from harness.target import echo

pytestmark = pytest.mark.short


@pytest.mark.parametrize("dead", [1, 40])
def test_dead_names_delay_nobody_else(lab, dead):
    names = lab.keep(WatchedNames(lab))
    server = start_culvertd(lab, wrapper=names.wrapper)
    tunnel = start_culvert(lab, server, [lab.target(echo), "dead.example.com:80"])
    working, dead_end = tunnel.addresses
    with concurrent.futures.ThreadPoolExecutor(dead) as pool:
        def ask():
            with streams.connect(dead_end) as connection:
                return streams.receive_to_end(connection).ending

        with streams.connect(working) as connection:
            assert streams.echoes(connection)
            waiting = [pool.submit(ask) for _ in range(dead)]
            assert names.next() == "dead.example.com"  # the question is asked, and stays open
            for number in range(100):
                assert streams.echoes(connection, b"%d" % number)
            with streams.connect(working) as another:  # new streams open as well
                assert streams.echoes(another)
            assert not any(run.done() for run in waiting)
        # An open has a deadline of its own: 10 s.
        assert [run.result() for run in waiting] == ["reset"] * dead
