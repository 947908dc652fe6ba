"""What a byte costs at least by today's means: two plain relays, and sealing and opening it.

Unlike the ratio to ssh, a share of that limit can be demanded on any CPU.
"""

import functools
import json
import pathlib
import statistics
import subprocess

import cpu
from figures import OURS

MICRO = pathlib.Path(__file__).resolve().parents[2] / "build/release/tests/bench/culvert_micro"
PAYLOAD = 32 * 1024
WITH_VAES, WITHOUT_VAES = 0.60, 0.92  # of the limit, at most


@functools.cache
def cipher_seconds_per_gb():
    """Of sealing and opening with AES-256-GCM, by the fastest library here."""
    shown = subprocess.run(
        [MICRO, f"--benchmark_filter=^(seal|open)/aes256-gcm.*/{PAYLOAD}\\b",
         "--benchmark_format=json"], check=True, capture_output=True, text=True).stdout
    fastest = {}
    for found in json.loads(shown)["benchmarks"]:
        direction = found["name"].split("/")[0]
        fastest[direction] = max(fastest.get(direction, 0), found["bytes_per_second"])
    return sum(1e9 / fastest[direction] for direction in ("seal", "open"))


def lines_of(row, measured):
    """For rows of bulk where both were measured."""
    place = [figure.unit for figure in row.figures].index("CPU s/GB")
    relays, ours = (statistics.median(values[place] for values in measured[name])
                    for name in ("relays", OURS))
    found = relays + cipher_seconds_per_gb()
    target = WITH_VAES if cpu.has_vaes() else WITHOUT_VAES
    yield (f"  limit: relays {relays:.2f} + seal and open {cipher_seconds_per_gb():.2f} = "
           f"{found:.2f} CPU s/GB; {OURS} / limit {ours / found:.2f}  target {target:g} "
           f"{'reached' if ours / found <= target else 'MISSED'}")
