"""Programs that compute on request: one line asks, and one answers, all in hex. What two of them say to
the same is compared.
"""

import hashlib
import subprocess

from .libraries import PROGRAMS

ROOT = PROGRAMS.parents[2]


class Oracle:
    def __init__(self, *command):
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                         text=True, bufsize=1)

    def ask(self, function, *arguments):
        print(function, *(argument.hex() for argument in arguments), file=self._process.stdin)
        answer = self._process.stdout.readline().split()
        assert answer, f"no answer to {function}"
        return "refused" if answer == ["refused"] else [bytes.fromhex(word) for word in answer]

    def close(self):
        self._process.stdin.close()
        self._process.stdout.close()
        assert self._process.wait() == 0


def build_own(folder, name, *sources):
    """peers/NAME.cpp with those sources of common/crypto, optimized."""
    program = folder / name
    found = [path for source in sources for path in sorted((ROOT / "common/crypto").glob(source))]
    subprocess.run(["c++", "-std=c++20", "-O2", f"-I{ROOT}", PROGRAMS / f"{name}.cpp", *found,
                    "-lsodium", "-lnettle", "-o", program], check=True)
    return program


def some_bytes(what, number, size):
    return hashlib.shake_128(f"{what} {number}".encode()).digest(size)


def with_flipped_bit(data, bit):
    changed = bytearray(data)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


def check_decapsulations(oracles, number, private_key, ciphertext, secret):
    """All get the same of this ciphertext, of a flipped bit in it and of random bytes: the secret of
    the first, and others of the others."""
    size = len(ciphertext)
    bit = int.from_bytes(some_bytes("bit", number, 4), "big") % (8 * size)
    secrets = []
    for tried in (ciphertext, with_flipped_bit(ciphertext, bit),
                  some_bytes("ciphertext", number, size)):
        both = [oracle.ask("decapsulate", private_key, tried) for oracle in oracles]
        assert both[0] == both[1], f"decapsulation {number}"
        secrets += both[0]
    assert secrets[0] == secret and len(set(secrets)) == 3
