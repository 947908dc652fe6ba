"""Programs whose surroundings differ by a library of ours between them and the C library."""

import os
import pathlib
import subprocess

HERE = pathlib.Path(__file__).parent


def preloaded(lab, name, **environment):
    """The command prefix of a program that runs with harness/NAME.c."""
    library = lab.folder(name) / f"{name}.so"
    subprocess.run(["cc", "-shared", "-fPIC", "-Wall", "-o", library, HERE / f"{name}.c", "-ldl"],
                   check=True)
    # The address sanitizer wants to be loaded before everything else, and can do without.
    asan = ":".join(filter(None, [os.environ.get("ASAN_OPTIONS"), "verify_asan_link_order=0"]))
    environment = {"LD_PRELOAD": library, "ASAN_OPTIONS": asan, **environment}
    return ["env", *(f"{key}={value}" for key, value in environment.items())]
