"""Throw-away Ed25519 keys, made with OpenSSH's ssh-keygen."""

import dataclasses
import pathlib
import subprocess


@dataclasses.dataclass(frozen=True)
class Key:
    path: pathlib.Path  # the private key; the public one is beside it as .pub
    public_line: str  # "ssh-ed25519 AAAA..."
    fingerprint: str  # "SHA256:..."


def make_key(path):
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", path],
                   check=True)
    return read_key(path)


def read_key(path):
    public = path.with_name(path.name + ".pub")
    listed = subprocess.run(["ssh-keygen", "-l", "-f", public], check=True, capture_output=True,
                            text=True).stdout
    return Key(path, " ".join(public.read_text().split()[:2]), listed.split()[1])
