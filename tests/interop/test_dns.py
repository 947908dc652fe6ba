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
    """Each name is another one: the same name is looked up once for all that ask for it."""
    names = lab.keep(WatchedNames(lab))
    server = start_culvertd(lab, wrapper=names.wrapper)
    target = lab.target(echo)
    dead_names = [f"dead{number}.example.com" for number in range(dead)]
    tunnel = start_culvert(lab, server, [f"live.example.com:{target.port}",
                                         *(f"{name}:80" for name in dead_names)])
    working, *dead_ends = tunnel.addresses
    with concurrent.futures.ThreadPoolExecutor(dead) as pool:
        def ask(dead_end):
            with streams.connect(dead_end) as connection:
                return streams.receive_to_end(connection).ending

        with streams.connect(working) as connection:
            assert streams.echoes(connection)
            assert names.next() == "live.example.com"
            waiting = [pool.submit(ask, dead_end) for dead_end in dead_ends]
            # All of the questions are asked, and stay open.
            assert sorted(names.next() for _ in range(dead)) == sorted(dead_names)
            for number in range(100):
                assert streams.echoes(connection, b"%d" % number)
            with streams.connect(working) as another:  # new streams to a name open as well
                assert streams.echoes(another)
            assert names.next() == "live.example.com"
            assert not any(run.done() for run in waiting)
        # An open has a deadline of its own: 10 s.
        assert [run.result() for run in waiting] == ["reset"] * dead
