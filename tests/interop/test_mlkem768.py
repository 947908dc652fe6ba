"""Our ML-KEM-768 beside libsodium's and OpenSSL's: the same keys, ciphertexts and secrets for the same
seeds, in both directions. ./dev peers fetches both libraries from newer Debians; nothing is built with
them.
"""

import sys

import pytest

from harness.fetched import fetched, with_libraries_of
from harness.libraries import PROGRAMS
from harness.oracle import Oracle, build_own, check_decapsulations, some_bytes

KEY_PAIRS = 300


@pytest.fixture(scope="module")
def own_program(tmp_path_factory):
    return build_own(tmp_path_factory.mktemp("mlkem768"), "own_mlkem768", "keccak.cpp", "mlkem768*.cpp")


def sodium():
    [library] = fetched("libsodium/usr/lib").glob("*/libsodium.so.26")
    return [sys.executable, PROGRAMS / "mlkem768_oracle.py", "sodium", library]


def openssl():
    [library] = fetched("openssl/usr/lib").glob("*/libcrypto.so.3")
    return [*with_libraries_of("openssl", sys.executable), PROGRAMS / "mlkem768_oracle.py", "openssl",
            library]


@pytest.fixture(params=[sodium, openssl], ids=["libsodium", "OpenSSL"])
def oracles(request, own_program):
    own, other = Oracle(own_program), Oracle(*request.param())
    yield own, other
    own.close()
    other.close()


def with_coefficient(key, index, value):
    numbers = int.from_bytes(key[:-32], "little")
    numbers += (value - (numbers >> 12 * index & 0xfff)) << 12 * index
    return numbers.to_bytes(len(key) - 32, "little") + key[-32:]


@pytest.mark.peers
def test_keys_ciphertexts_and_secrets_are_the_same(oracles):
    """With whole, flipped and random ciphertexts."""
    own, other = oracles
    for number in range(KEY_PAIRS):
        pair = [oracle.ask("generate", some_bytes("seed", number, 64)) for oracle in oracles]
        assert pair[0] == pair[1], f"key pair {number}"
        public_key, private_key = pair[0]
        made = [oracle.ask("encapsulate", public_key, some_bytes("message", number, 32))
                for oracle in oracles]
        assert made[0] == made[1], f"encapsulation {number}"
        ciphertext, secret = made[0]

        check_decapsulations(oracles, number, private_key, ciphertext, secret)


@pytest.mark.peers
def test_the_same_public_keys_are_refused(oracles):
    own, _ = oracles
    public_key, _ = own.ask("generate", some_bytes("seed", 0, 64))
    message = some_bytes("message", 0, 32)
    for number in range(KEY_PAIRS):
        index = int.from_bytes(some_bytes("index", number, 4), "big") % 768
        for value in (3328, 3329, 3330, 4095):
            key = with_coefficient(public_key, index, value)
            both = [oracle.ask("encapsulate", key, message) for oracle in oracles]
            assert both[0] == both[1] and (both[0] == "refused") == (value >= 3329), (index, value)
