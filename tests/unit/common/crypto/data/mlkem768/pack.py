#!/usr/bin/env python3
"""pack.py FOLDER: packs the ML-KEM-768 vectors of C2SP's Wycheproof into files beside this script.

FOLDER is testvectors_v1 of github.com/C2SP/wycheproof; the files were made from its commit dac1dd4729fd
(Apache License 2.0). What can be computed from something shorter is left out, and outputs are hashed:

agreements            seed 64, message 32, secret 32, SHA-256 of ek, dk and c 32: key pairs whose ciphertext
                      for that message is decapsulated, too. 100 have a dk, for the last 30 it is left out.
                      Each of the 100 also stands for the "public key not reduced" that is ek with q added to
                      each coefficient below 4096 - q: all of those are refused.
given_keys            ek 1184, message 32, secret 32, SHA-256 of c 32: no known seed makes these keys
overflows             ek 1184, then 12 times index 2, coefficient 2 (high byte first): ek with this one
                      coefficient is refused
given_ciphertexts     seed 64, c 1088, secret 32: no known message makes c; most are rejected implicitly
given_private_keys    dk 2400, c 1088, secret 32

Not packed are the vectors that are wrong by their length: the types of crypto/mlkem768 have none but the
right one, and the key exchange refuses messages of another length. Nor the two whose dk doesn't fit its own
hash: no function takes a private key from outside.
"""

import collections
import hashlib
import json
import pathlib
import struct
import sys

Q = 3329
EK, DK, C, SEED = 1184, 2400, 1088, 64
HERE = pathlib.Path(__file__).resolve().parent


def read_tests(folder, name):
    groups = json.loads((folder / f"mlkem_768_{name}.json").read_text())["testGroups"]
    for test in (test for group in groups for test in group["tests"]):
        yield {key: bytes.fromhex(value) if key in ("seed", "ek", "dk", "c", "m", "K") else value
               for key, value in test.items()}


def coefficients(ek):
    numbers = int.from_bytes(ek[:EK - 32], "little")
    return [numbers >> 12 * i & 0xfff for i in range(768)]


def raised(ek):
    """ek with q added wherever the 12 bits have room for it."""
    numbers = sum((x + Q if x + Q < 4096 else x) << 12 * i for i, x in enumerate(coefficients(ek)))
    return numbers.to_bytes(EK - 32, "little") + ek[EK - 32:]


def sha256(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def main():
    folder = pathlib.Path(sys.argv[1])
    counts = collections.Counter()
    packed = {name: [] for name in ("agreements", "given_keys", "overflows", "given_ciphertexts",
                                    "given_private_keys")}
    wrong_length, wrong_hash = 0, 0

    pairs = {test["ek"]: test for test in read_tests(folder, "keygen_seed_test")}
    counts["keygen"] = len(pairs)
    refused, overflows, encapsulated = set(), [], {}
    for test in read_tests(folder, "encaps_test"):
        counts["encaps"] += 1
        if len(test["ek"]) != EK:
            assert test["result"] == "invalid"
            wrong_length += 1
        elif test["result"] == "valid":
            encapsulated[test["ek"]] = test
        elif "ModulusOverflow" in test["flags"]:
            overflows.append(test["ek"])
        else:
            refused.add(test["ek"])
    assert refused == {raised(ek) for ek in pairs} and len(refused) == 100

    for test in read_tests(folder, "test"):
        counts["whole"] += 1
        if len(test["seed"]) != SEED or len(test["c"]) != C:
            assert test["result"] == "invalid"
            wrong_length += 1
            continue
        known = encapsulated.pop(test["ek"], None)
        if known:
            assert (known["c"], known["K"]) == (test["c"], test["K"])
            dk = pairs.pop(test["ek"])["dk"] if test["ek"] in pairs else b""
            assert dk or len(packed["agreements"]) >= 100
            packed["agreements"].append(test["seed"] + known["m"] + test["K"] +
                                        sha256(test["ek"], dk, test["c"]))
        else:
            packed["given_ciphertexts"].append(test["seed"] + test["c"] + test["K"])
    assert not pairs
    for test in encapsulated.values():
        packed["given_keys"].append(test["ek"] + test["m"] + test["K"] + sha256(test["c"]))

    votes = [collections.Counter(row).most_common(1)[0][0]
             for row in zip(*map(coefficients, overflows))]
    base = sum(x << 12 * i for i, x in enumerate(votes)).to_bytes(EK - 32, "little")
    packed["overflows"].append(base + overflows[0][EK - 32:])
    for ek in overflows:
        assert ek[EK - 32:] == overflows[0][EK - 32:]
        [change] = [(i, x) for i, x in enumerate(coefficients(ek)) if x != votes[i]]
        packed["overflows"].append(struct.pack(">HH", *change))

    for test in read_tests(folder, "semi_expanded_decaps_test"):
        counts["private keys"] += 1
        if test["result"] == "valid":
            packed["given_private_keys"].append(test["dk"] + test["c"] + test["K"])
        elif len(test["dk"]) == DK and len(test["c"]) == C:
            wrong_hash += 1
        else:
            wrong_length += 1

    for name, records in packed.items():
        (HERE / name).write_bytes(b"".join(records))
        print(f"{name}: {len(records)}, {sum(map(len, records))} bytes")
    print(f"of {sum(counts.values())} ({dict(counts)}): {wrong_length} of a wrong length, "
          f"{wrong_hash} with a wrong hash")


if __name__ == "__main__":
    main()
