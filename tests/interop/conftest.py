"""Fixtures of the interop tests. ctest runs each file on its own; see CMakeLists.txt."""

import pytest

from harness.keys import make_key
from harness.lab import Lab

# pytest's own codes end at 5; CMakeLists.txt tells ctest that this one means skipped.
EVERYTHING_SKIPPED = 77


@pytest.fixture(scope="session")
def session_keys(tmp_path_factory):
    """A user's key and a server's, made once: they are thrown away with the folder."""
    folder = tmp_path_factory.mktemp("keys")
    return make_key(folder / "user_key"), make_key(folder / "host_key")


@pytest.fixture
def lab(tmp_path, session_keys):
    surroundings = Lab(tmp_path, *session_keys)
    yield surroundings
    surroundings.close()


def pytest_sessionfinish(session, exitstatus):
    """A file whose every test was skipped must not read as passed."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if exitstatus == 0 and reporter.stats.get("skipped") and not reporter.stats.get("passed"):
        session.exitstatus = EVERYTHING_SKIPPED
