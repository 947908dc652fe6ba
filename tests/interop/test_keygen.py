"""culvert keygen writes what ssh-keygen and sshd read, and the other way round."""

import stat
import subprocess

import pytest

from harness import streams
from harness.keys import read_key
from harness.peers import culvert_words, forwarded, start_sshd
from harness.target import echo

pytestmark = pytest.mark.short


def ssh_keygen(*words):
    return subprocess.run(["ssh-keygen", *map(str, words)], check=True, capture_output=True,
                          text=True).stdout


def test_ssh_keygen_reads_the_key(lab):
    path = lab.root / "made"
    done = lab.finish("culvert", "keygen", "-t", "ed25519", "-N", "", "-C", "a comment", "-f", path)
    assert done.returncode == 0
    public = path.with_suffix(".pub").read_text()
    assert public.startswith("ssh-ed25519 ") and public.endswith(" a comment\n")
    assert ssh_keygen("-y", "-f", path) == public
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert read_key(path).fingerprint in done.stdout + done.stderr


def test_quiet_says_nothing(lab):
    done = lab.finish("culvert", "keygen", "-q", "-t", "ed25519", "-N", "", "-f", lab.root / "made")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_two_keys_differ(lab):
    for name in ("one", "two"):
        lab.finish("culvert", "keygen", "-q", "-N", "", "-f", lab.root / name)
    assert read_key(lab.root / "one").fingerprint != read_key(lab.root / "two").fingerprint


def test_an_existing_key_is_not_overwritten(lab):
    path = lab.root / "made"
    path.write_text("precious")
    done = lab.finish("culvert", "keygen", "-q", "-N", "", "-f", path)
    assert done.returncode != 0
    assert str(path) in done.stderr
    assert path.read_text() == "precious"


def test_sshd_lets_the_key_in(lab):
    path = lab.root / "made"
    lab.finish("culvert", "keygen", "-q", "-N", "", "-f", path)
    lab.authorized_keys.write_text(read_key(path).public_line + "\n")
    target = lab.target(echo)
    process = lab.run("culvert", culvert_words(lab, start_sshd(lab), [target], identity=path))
    with streams.connect(forwarded(process, target)) as connection:
        assert streams.echoes(connection)
