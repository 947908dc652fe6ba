"""Our sntrup761 beside libgcrypt's, which ./dev peers fetches from a newer Debian: each decapsulates what
the other encapsulates, and with the same private key both get the same secret of any ciphertext.
"""

import sys

import pytest

from harness.fetched import fetched, with_libraries_of
from harness.libraries import PROGRAMS
from harness.oracle import Oracle, build_own, check_decapsulations

KEY_PAIRS = 200


@pytest.fixture
def oracles(tmp_path):
    own = Oracle(build_own(tmp_path, "own_sntrup761", "sntrup761*.cpp", "constant_time_sort.cpp",
                           "sha2.cpp", "random.cpp"))
    [library] = fetched("libgcrypt/usr/lib").glob("*/libgcrypt.so.20")
    other = Oracle(*with_libraries_of("libgcrypt", sys.executable), PROGRAMS / "sntrup761_oracle.py",
                   library)
    yield own, other
    own.close()
    other.close()


@pytest.mark.peers
def test_each_decapsulates_what_the_other_encapsulates(oracles):
    """The private keys are of who decapsulates."""
    for number in range(KEY_PAIRS):
        for here, there in (oracles, oracles[::-1]):
            public_key, private_key = here.ask("generate")
            ciphertext, secret = there.ask("encapsulate", public_key)
            assert here.ask("decapsulate", private_key, ciphertext) == [secret], number


@pytest.mark.peers
def test_the_same_private_key_gives_the_same_secrets(oracles):
    """With whole, flipped and random ciphertexts."""
    own, _ = oracles
    for number in range(KEY_PAIRS):
        public_key, private_key = own.ask("generate")
        ciphertext, secret = oracles[number % 2].ask("encapsulate", public_key)
        check_decapsulations(oracles, number, private_key, ciphertext, secret)
