"""Programs and libraries that Debian 12 doesn't have, where ./dev peers has unpacked them."""

import pathlib

FOLDER = pathlib.Path(__file__).resolve().parents[3] / "build" / "peers"


def fetched(path):
    path = FOLDER / path
    assert path.exists(), f"{path} is not there: ./dev peers fetches it"
    return path


def with_libraries_of(name, program):
    """The words that start a program, Debian 12's too, with the libraries that were fetched as `name`, and
    by the loader of their C library."""
    [libc] = fetched(f"{name}/usr/lib").glob("*/libc.so.6")
    [loader] = libc.parent.glob("ld-linux*.so.*")
    return [loader, "--library-path", libc.parent, program]
