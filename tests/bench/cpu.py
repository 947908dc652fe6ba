"""What this machine computes with: AES-256-GCM is three times as fast where the CPU has VAES."""

import functools
import pathlib
import platform


@functools.cache
def fields():
    first = pathlib.Path("/proc/cpuinfo").read_text().split("\n\n")[0]
    pairs = (line.partition(":") for line in first.splitlines())
    return {name.strip(): value.strip() for name, _, value in pairs}


def has_vaes():
    return "vaes" in fields().get("flags", "").split()


def shown():
    """The model, and whether it has VAES."""
    model = fields().get("model name", platform.machine())
    return f"{model} {'with' if has_vaes() else 'without'} VAES"
