"""Programs and libraries that Debian 12 doesn't have, where ./dev peers has unpacked them."""

import pathlib

FOLDER = pathlib.Path(__file__).resolve().parents[3] / "build" / "peers"


def fetched(path):
    path = FOLDER / path
    assert path.exists(), f"{path} is not there: ./dev peers fetches it"
    return path


def with_own_libraries(path):
    """The words that start a program with the C library that was fetched beside it."""
    program = fetched(path)
    usr = program.parents[1]
    (loader,) = usr.glob("lib*/ld-linux*.so.*")  # in the folder where the ABI has it
    (libc,) = usr.glob("lib/*/libc.so.6")
    return [loader, "--library-path", libc.parent, program]
